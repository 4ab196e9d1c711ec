export const requestRoles = ["anon", "authenticated", "service_role"] as const;

export type RequestRole = (typeof requestRoles)[number];

/** What a verified token says; `exp` and `iat` in seconds since 1970. */
export type Claims = { sub?: string; role: RequestRole; exp: number; iat?: number; [claim: string]: unknown };

/** The Postgres settings that carry the claims into row-level security. */
export function settingsOf(claims: Claims | undefined): Record<string, string> {
  return {
    role: claims?.role ?? "anon",
    "request.jwt.claims": JSON.stringify(claims ?? { role: "anon" }),
  };
}
