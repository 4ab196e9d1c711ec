import type { FastifyInstance, FastifyRequest } from "fastify";
import { verifyToken } from "#auth/jwt.ts";
import { AppError } from "#errors.ts";
import type { Relay } from "#realtime/relay.ts";

const bodyLimit = 4_000_000;
const rateLimit = { max: 600, timeWindow: "1 minute" };

/** POST /api/broadcast as Supabase has it: `{ messages: [{ topic, event, payload, private }] }`, answered 202. */
export function broadcastRoute(relay: Relay, jwtSecret: string) {
  return async (app: FastifyInstance) => {
    const send = async (request: FastifyRequest) => {
      const claims = await verifyToken(tokenOf(request), jwtSecret);
      await relay.broadcast((request.body as { messages?: unknown } | null)?.messages, claims);
    };
    for (const path of ["/api/broadcast", "/realtime/v1/api/broadcast"]) {
      app.post(path, { bodyLimit, config: { rateLimit } }, async (request, reply) => {
        await send(request);
        return reply.code(202).send();
      });
    }
  };
}

function tokenOf({ headers }: FastifyRequest): string {
  const bearer = /^Bearer (.+)$/i.exec(headers.authorization ?? "")?.[1];
  const token = bearer ?? headers.apikey;
  if (typeof token === "string") return token;
  throw new AppError("Unauthorized", "Send a token: Authorization: Bearer <JWT>, or the apikey header.", {
    status: 401,
  });
}
