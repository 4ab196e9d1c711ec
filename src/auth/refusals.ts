import { errors } from "jose";
import { AppError } from "#errors.ts";

/** Says in Supabase's words what is wrong with a token. */
export function refuse(error: unknown): never {
  if (error instanceof AppError) throw error;
  if (error instanceof errors.JWTExpired) {
    const ago = Math.max(0, Math.floor(Date.now() / 1000 - Number(error.payload.exp)));
    throw unauthorized("InvalidJWTToken", `Token has expired ${ago} seconds ago`, error);
  }
  if (unsigned.some((kind) => error instanceof kind))
    throw unauthorized("JwtSignatureError", "Failed to validate JWT signature", error);
  if (error instanceof errors.JWTClaimValidationFailed)
    throw unauthorized(
      "InvalidJWTToken",
      `The claim "${error.claim}" is not the one that is wanted here`,
      error,
    );
  throw unauthorized("MalformedJWT", "The token provided is not a valid JWT", error);
}

const unsigned = [
  errors.JWSSignatureVerificationFailed,
  errors.JOSEAlgNotAllowed,
  errors.JWKSNoMatchingKey,
  errors.JWKSMultipleMatchingKeys,
];

export function unauthorized(code: string, message: string, cause?: unknown): AppError {
  return new AppError(code, message, { cause, status: 401 });
}
