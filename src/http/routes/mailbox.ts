import type { FastifyInstance } from "fastify";
import { largestSandboxBody, type Sandbox } from "#mail/sandbox/sandbox.ts";

const prefix = "/mailbox/postmark";

/** Everything below /mailbox/postmark goes to the sandbox as it came, so that it alone decides what Postmark would say. */
export function mailboxRoutes(sandbox: Sandbox) {
  return async (app: FastifyInstance) => {
    app.removeAllContentTypeParsers();
    app.addContentTypeParser(
      "*",
      { parseAs: "buffer", bodyLimit: largestSandboxBody + 1 },
      (_request, body, done) => done(null, body),
    );
    app.route({
      method: ["GET", "POST", "PUT", "DELETE", "PATCH"],
      url: `${prefix}/*`,
      bodyLimit: largestSandboxBody + 1,
      handler: async (request, reply) => {
        const { status, headers, body } = await sandbox.handle({
          method: request.method,
          path: (request.url.split("?", 1)[0] ?? "").slice(prefix.length),
          query: request.query as Record<string, unknown>,
          headers: request.headers,
          body: request.body as Buffer,
        });
        return reply.code(status).headers(headers).send(body);
      },
    });
  };
}
