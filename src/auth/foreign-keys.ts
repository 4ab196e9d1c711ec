import { type JWTPayload, jwtVerify } from "jose";
import type { Claims } from "#auth/claims.ts";
import { keySetOf } from "#auth/key-set.ts";
import { refuse, unauthorized } from "#auth/refusals.ts";
import { AppError } from "#errors.ts";
import { isUuid } from "#lib/uuid.ts";

/** Keys that somebody else signs with: the URL of a JWKS, or the JWKS as JSON. */
export type ForeignKeys = { jwks: string; oidc?: OidcIssuer | undefined };

/** An OpenID issuer, whose subjects are people of ours by `personOf`. */
export type OidcIssuer = {
  issuer: string;
  audience: string;
  personOf(identity: Identity): Promise<string | null>;
};

/** Who a token speaks for; `address` only when the issuer says that it is verified. */
export type Identity = { issuer: string; subject: string; address: string | null; name: string | null };

const algorithms = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"];

/**
 * Verifies tokens of others. The database role is never the token's: a person is `authenticated`, a token that names
 * nobody is `anon`, and nobody becomes `service_role`. Throws AppError, status 401, or 503 where
 * nobody can say.
 */
export function foreignVerifier({ jwks, oidc }: ForeignKeys): (token: string) => Promise<Claims> {
  const keys = keySetOf(jwks);
  if (oidc) {
    const { issuer, audience } = oidc;
    return async (token) => {
      const { payload } = await jwtVerify(token, keys, { algorithms, issuer, audience }).catch(refuse);
      return claimsOf(payload, await personOf(payload, oidc));
    };
  }
  return async (token) => {
    const { payload } = await jwtVerify(token, keys, { algorithms }).catch(refuse);
    if (payload.role === "service_role") throw refused("`role` must not be service_role");
    if (payload.sub !== undefined && !isUuid(payload.sub)) throw refused("`sub` must be a UUID");
    return { ...payload, ...claimsOf(payload, payload.sub) };
  };
}

async function personOf(payload: JWTPayload, oidc: OidcIssuer): Promise<string> {
  const { sub, email, email_verified, name } = payload;
  if (!sub || sub.length > 255) throw refused("Field `sub` is required in JWT");
  const identity = {
    issuer: oidc.issuer,
    subject: sub,
    address: email_verified === true && typeof email === "string" ? email : null,
    name: typeof name === "string" ? name : null,
  };
  const person = await oidc.personOf(identity).catch(unavailable);
  if (person) return person;
  throw new AppError("UnknownIdentity", "The token is good, but nobody here is known by it", { status: 401 });
}

function unavailable(cause: unknown): never {
  const message = "Who the token speaks for cannot be looked up now";
  throw new AppError("IdentityUnavailable", message, { status: 503, cause });
}

function claimsOf({ exp, iat }: JWTPayload, sub: string | undefined): Claims {
  if (typeof exp !== "number") throw refused("Field `exp` is required in JWT");
  const role = sub === undefined ? "anon" : "authenticated";
  return { role, exp, ...(sub !== undefined && { sub }), ...(iat !== undefined && { iat }) };
}

function refused(what: string): AppError {
  return unauthorized("InvalidJWTToken", what);
}
