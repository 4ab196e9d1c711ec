import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { AppError } from "#errors.ts";
import { ownHeaders } from "#realtime/handshake.ts";
import type { Relay } from "#realtime/relay.ts";
import type { Sender } from "#realtime/rest.ts";

const bodyLimit = 4_000_000;
const rateLimit = { max: 6000, timeWindow: "1 minute" };
const paths = ["/api/broadcast", "/realtime/v1/api/broadcast"];

type Single = {
  Params: { topic: string; event: string };
  Querystring: { private?: string; persist?: string; "persist[ttl]"?: string };
};

/**
 * As Supabase has it: POST /api/broadcast takes `{ messages: [{ topic, event, payload, private }] }`, POST
 * /api/broadcast/<topic>/events/<event> one payload, JSON or bytes. Both answer 202 and nothing else.
 */
export function broadcastRoute(relay: Relay) {
  return async (app: FastifyInstance) => {
    app.setErrorHandler(refuse);
    app.register(batchRoute);
    app.register(singleRoute);
  };

  async function batchRoute(app: FastifyInstance) {
    for (const path of paths) {
      app.post(path, { bodyLimit, config: { rateLimit } }, async (request, reply) => {
        const sender = await senderOf(request);
        await relay.rest.batch((request.body as { messages?: unknown } | null)?.messages, sender);
        return reply.code(202).send();
      });
    }
  }

  async function singleRoute(app: FastifyInstance) {
    app.removeAllContentTypeParsers();
    const types = ["application/json", "application/octet-stream"];
    app.addContentTypeParser(types, { parseAs: "buffer" }, async (_request: unknown, body: Buffer) => body);
    for (const path of paths) {
      const options = { bodyLimit, config: { rateLimit } };
      app.post<Single>(`${path}/:topic/events/:event`, options, async (request, reply) => {
        const { params, query, body, headers } = request;
        const sender = await senderOf(request);
        const isPrivate = query.private === "true";
        const persist = query.persist === "true" || query["persist[ttl]"] !== undefined;
        const encoding = headers["content-type"]?.startsWith("application/json") ? "json" : "raw";
        const payload = (body as Buffer | undefined) ?? Buffer.alloc(0);
        await relay.rest.single({ ...params, private: isPrivate, persist, encoding, payload }, sender);
        return reply.code(202).send();
      });
    }
  }

  async function senderOf(request: FastifyRequest): Promise<Sender> {
    const claims = await relay.verify(tokenOf(request));
    return { claims, headers: ownHeaders(request.headers) };
  }
}

function tokenOf({ headers }: FastifyRequest): string {
  const bearer = /^Bearer (.+)$/i.exec(headers.authorization ?? "")?.[1];
  const token = bearer ?? headers.apikey;
  if (typeof token === "string") return token;
  throw new AppError("Unauthorized", "Unauthorized", { status: 401 });
}

/** The client reads `message`; everything that is no refusal goes to the server's own handler. */
function refuse(error: Error & { statusCode?: number }, _request: FastifyRequest, reply: FastifyReply): void {
  const status = error instanceof AppError ? error.status : (error.statusCode ?? 500);
  if (status < 400 || status >= 500) throw error;
  const errors = status === 422 ? { errors: [error.message] } : {};
  void reply.code(status).send({ message: error.message, ...errors });
}
