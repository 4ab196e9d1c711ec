import { decodeProtectedHeader, errors, type JWTPayload, jwtVerify, SignJWT } from "jose";
import { type Claims, type RequestRole, requestRoles } from "#auth/claims.ts";
import { keySetOf } from "#auth/key-set.ts";
import { AppError } from "#errors.ts";
import { isUuid } from "#lib/uuid.ts";

const algorithms = ["HS256", "HS384", "HS512"];
const foreignAlgorithms = [
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
  "ES256",
  "ES384",
  "ES512",
  "EdDSA",
];
const farAway = 4_102_444_800; // 2100-01-01: the publishable key opens nothing by itself

/** The claims of a token. Throws AppError as `verifyToken` does, and status 503 `JwksUnavailable`. */
export type Verifier = (token: string) => Promise<Claims>;

/**
 * Takes tokens signed with our secret and, where there is a key set (a URL, or JSON), those signed with one of its keys. A
 * key set is somebody else's: nobody becomes `service_role` by it.
 */
export function openVerifier(secret: string, jwks?: string): Verifier {
  if (jwks === undefined) return (token) => verifyToken(token, secret);
  const keys = keySetOf(jwks);
  return async (token) => {
    if (isOurs(token)) return verifyToken(token, secret);
    const { payload } = await jwtVerify(bare(token), keys, { algorithms: foreignAlgorithms }).catch(refuse);
    if (payload.role === "service_role") throw missingClaims("`role` must be anon or authenticated");
    return claimsOf(payload);
  };
}

/**
 * The claims of a token signed with our secret. Throws AppError (status 401) `InvalidJWTToken` when it has expired or
 * lacks `role` or `exp`, `MalformedJWT` when it is no token, `JwtSignatureError` when somebody else signed it.
 */
export async function verifyToken(token: string, secret: string): Promise<Claims> {
  const { payload } = await jwtVerify(bare(token), keyOf(secret), { algorithms }).catch(refuse);
  return claimsOf(payload);
}

function isOurs(token: string): boolean {
  try {
    return algorithms.includes(decodeProtectedHeader(bare(token)).alg ?? "");
  } catch {
    return true; // it is refused as it would be without a key set
  }
}

function bare(token: string): string {
  return token.replace(/\s/g, "");
}

function claimsOf(payload: JWTPayload): Claims {
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

function refuse(error: unknown): never {
  if (error instanceof AppError) throw error;
  if (error instanceof errors.JWTExpired) {
    const ago = Math.max(0, Math.floor(Date.now() / 1000 - Number(error.payload.exp)));
    throw unauthorized("InvalidJWTToken", `Token has expired ${ago} seconds ago`, error);
  }
  if (unsigned.some((kind) => error instanceof kind))
    throw unauthorized("JwtSignatureError", "Failed to validate JWT signature", error);
  throw unauthorized("MalformedJWT", "The token provided is not a valid JWT", error);
}

const unsigned = [
  errors.JWSSignatureVerificationFailed,
  errors.JOSEAlgNotAllowed,
  errors.JWKSNoMatchingKey,
  errors.JWKSMultipleMatchingKeys,
];

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
