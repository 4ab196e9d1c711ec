import { SafeError } from "postgraphile/grafast";
import type { Claims } from "#auth/claims.ts";
import type { Verifier } from "#auth/jwt.ts";
import { messageOf } from "#errors.ts";

/**
 * Reads the claims of a request from its bearer token alone, never from a cookie, which another site could make the
 * browser send. Without a token the request is anonymous; with a bad one it is refused (HTTP 401, HW401).
 */
export function authenticated(verify: Verifier): GraphileConfig.Plugin {
  return {
    name: "HowdahAuthenticatedPlugin",
    version: "0.0.0",
    grafserv: {
      middleware: {
        async processGraphQLRequestBody(next, { request }) {
          if (request)
            request.requestContext.claims = await claimsOf(request.getHeader("authorization"), verify);
          return next();
        },
      },
    },
  };
}

async function claimsOf(authorization: string | undefined, verify: Verifier): Promise<Claims | undefined> {
  if (!authorization) return undefined;
  const token = /^bearer\s+(.+)$/i.exec(authorization)?.[1];
  if (token === undefined) throw refusal(`The Authorization header holds no bearer token`);
  return verify(token).catch((error) => {
    throw refusal(messageOf(error));
  });
}

function refusal(reason: string): SafeError {
  const message = `${reason}: get a fresh token and send it as "Authorization: Bearer <token>".`;
  return new SafeError(message, { code: "HW401", statusCode: 401 });
}
