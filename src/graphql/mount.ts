import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { FastifyGrafserv } from "postgraphile/grafserv/fastify/v5";
import { GraphQLError } from "postgraphile/graphql";
import { paths } from "#graphql/preset.ts";
import { maskUnexpected } from "#graphql/shown-error.ts";

/** Mounts the API in a scope of its own, so that its error answers and headers are not those of other routes. */
export async function mountOn(fastify: FastifyInstance, server: FastifyGrafserv): Promise<void> {
  await fastify.register(async (scope) => {
    scope.setErrorHandler(answerAsGraphql);
    scope.addHook("onSend", allowGraphiql);
    await server.addTo(scope);
    scope.route({ method: ["PUT", "PATCH", "DELETE"], url: paths.graphql, handler: refuseMethod });
  });
}

/** Errors from before GraphQL, such as malformed JSON or a body that is too large, in the shape GraphQL clients read. */
function answerAsGraphql(error: FastifyError, _request: FastifyRequest, reply: FastifyReply): void {
  const status = error.statusCode ?? 500;
  const shown =
    status < 500
      ? new GraphQLError(error.message, { extensions: { code: "HW422" } })
      : maskUnexpected(new GraphQLError(error.message, { originalError: error }));
  reply.status(status).send({ errors: [shown] });
}

function refuseMethod(_request: FastifyRequest, reply: FastifyReply): void {
  const error = new GraphQLError("Use POST, or GET for queries.", { extensions: { code: "HW422" } });
  reply
    .status(405)
    .header("allow", "GET, POST")
    .send({ errors: [error] });
}

/** GraphiQL is a page with scripts of its own in it, which the site's policy rightly forbids elsewhere. */
async function allowGraphiql(request: FastifyRequest, reply: FastifyReply): Promise<void> {
  if (request.url.startsWith(paths.graphiql)) reply.header("content-security-policy", graphiqlPolicy);
}

const graphiqlPolicy = [
  "default-src 'self'",
  "script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:",
  "worker-src 'self' blob:",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self' data:",
  "frame-ancestors 'self'",
].join("; ");
