import type { Claims } from "#auth/claims.ts";
import type { Verifier } from "#auth/jwt.ts";

type Known = { claims: Claims; until: number };

const [most, longestMs] = [5000, 60_000];

/** Looks at a token's signature once a minute; when it expires it is looked at, and refused, like a new one. */
export function knowing(verify: Verifier): Verifier {
  const tokens = new Map<string, Known>();
  return async (token) => {
    const known = tokens.get(token);
    if (known && known.until > Date.now()) return known.claims;
    tokens.delete(token);
    const claims = await verify(token);
    if (tokens.size >= most) tokens.delete(tokens.keys().next().value ?? "");
    tokens.set(token, { claims, until: Math.min(claims.exp * 1000, Date.now() + longestMs) });
    return claims;
  };
}
