import { errors, jwtVerify, SignJWT } from "jose";
import { type Claims, type RequestRole, requestRoles } from "#auth/claims.ts";
import { AppError } from "#errors.ts";
import { isUuid } from "#lib/uuid.ts";

const algorithms = ["HS256", "HS384", "HS512"];
const farAway = 4_102_444_800; // 2100-01-01: the publishable key opens nothing by itself

/**
 * The claims of a token signed with our secret. Throws AppError (status 401) `InvalidJWTToken` when it has expired or
 * lacks `role` or `exp`, `MalformedJWT` when it is no token, `JwtSignatureError` when somebody else signed it.
 */
export async function verifyToken(token: string, secret: string): Promise<Claims> {
  const { payload } = await jwtVerify(token.replace(/\s/g, ""), keyOf(secret), { algorithms }).catch(
    (error) => {
      throw refusal(error);
    },
  );
  const { role, exp } = payload;
  if (typeof exp !== "number" || !isRequestRole(role)) throw missingClaims();
  if (payload.sub !== undefined && !isUuid(payload.sub)) throw missingClaims("`sub` must be a UUID");
  return { ...payload, role, exp } as Claims;
}

/** A signed token; `lifetime` in seconds from now. */
export function mintToken(
  claims: { sub?: string; role: RequestRole },
  secret: string,
  lifetime: number,
): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  return sign({ ...claims, iat: now, exp: now + lifetime }, secret);
}

/** The publishable key of this installation: an `anon` token, the same in every process that shares the secret. */
export function anonKey(secret: string): Promise<string> {
  return sign({ role: "anon", iss: "howdah", exp: farAway }, secret);
}

function sign(claims: Record<string, unknown>, secret: string): Promise<string> {
  return new SignJWT(claims).setProtectedHeader({ alg: "HS256", typ: "JWT" }).sign(keyOf(secret));
}

function refusal(error: unknown): AppError {
  if (error instanceof errors.JWTExpired) {
    const ago = Math.max(0, Math.floor(Date.now() / 1000 - Number(error.payload.exp)));
    return unauthorized("InvalidJWTToken", `Token has expired ${ago} seconds ago`, error);
  }
  if (error instanceof errors.JWSSignatureVerificationFailed || error instanceof errors.JOSEAlgNotAllowed)
    return unauthorized("JwtSignatureError", "Failed to validate JWT signature", error);
  return unauthorized("MalformedJWT", "The token provided is not a valid JWT", error);
}

function missingClaims(what = "Fields `role` and `exp` are required in JWT"): AppError {
  return unauthorized("InvalidJWTToken", what);
}

function unauthorized(code: string, message: string, cause?: unknown): AppError {
  return new AppError(code, message, { cause, status: 401 });
}

function isRequestRole(role: unknown): role is RequestRole {
  return requestRoles.includes(role as RequestRole);
}

function keyOf(secret: string): Uint8Array {
  return new TextEncoder().encode(secret);
}
