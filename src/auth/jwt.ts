import { decodeProtectedHeader, type JWTPayload, jwtVerify, SignJWT } from "jose";
import { type Claims, type RequestRole, requestRoles } from "#auth/claims.ts";
import { type ForeignKeys, foreignVerifier } from "#auth/foreign-keys.ts";
import { refuse, unauthorized } from "#auth/refusals.ts";
import type { AppError } from "#errors.ts";
import { isUuid } from "#lib/uuid.ts";

const algorithms = ["HS256", "HS384", "HS512"];
const farAway = 4_102_444_800; // 2100-01-01: the publishable key opens nothing by itself

/** The claims of a token. Throws AppError as `verifyToken` does, and status 503 `JwksUnavailable`. */
export type Verifier = (token: string) => Promise<Claims>;

/**
 * Takes tokens signed with our secret and, where somebody else's keys are given, those signed with one of theirs. What
 * database role those get is our decision alone.
 */
export function openVerifier(secret: string, foreign?: ForeignKeys): Verifier {
  if (foreign === undefined) return (token) => verifyToken(token, secret);
  const verifyForeign = foreignVerifier(foreign);
  return (token) => (isOurs(token) ? verifyToken(token, secret) : verifyForeign(bare(token)));
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
  claims: { sub?: string; role: RequestRole; session_id?: string },
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

function missingClaims(what = "Fields `role` and `exp` are required in JWT"): AppError {
  return unauthorized("InvalidJWTToken", what);
}

function isRequestRole(role: unknown): role is RequestRole {
  return requestRoles.includes(role as RequestRole);
}

function keyOf(secret: string): Uint8Array {
  return new TextEncoder().encode(secret);
}
