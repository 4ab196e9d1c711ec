import { createLocalJWKSet, createRemoteJWKSet, errors, type JWTVerifyGetKey } from "jose";
import { AppError, messageOf } from "#errors.ts";

/** The keys at a URL, fetched when needed and kept for some minutes, or those of a JWKS given as JSON. Throws `BadSetting`. */
export function keySetOf(jwks: string): JWTVerifyGetKey {
  if (jwks.startsWith("{")) return localKeys(jwks);
  const remote = createRemoteJWKSet(new URL(jwks));
  return (header, token) => remote(header, token).catch(unavailable);
}

function localKeys(jwks: string): JWTVerifyGetKey {
  try {
    return createLocalJWKSet(JSON.parse(jwks));
  } catch (cause) {
    throw new AppError("BadSetting", `JWT_JWKS is no JWKS: ${messageOf(cause)}`, { cause });
  }
}

/** A key that is not there says something about the token; anything else about whoever keeps the keys. */
function unavailable(error: unknown): never {
  if (error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys)
    throw error;
  const message = `The keys of JWT_JWKS cannot be had: ${messageOf(error)}`;
  throw new AppError("JwksUnavailable", message, { status: 503, cause: error });
}
