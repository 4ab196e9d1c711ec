import { type Claims, settingsOf } from "#auth/claims.ts";

declare global {
  namespace Grafast {
    interface RequestContext {
      /** Of the verified token; none when the request brought no token. */
      claims?: Claims | undefined;
    }
    interface Context {
      claims?: Claims | undefined;
    }
  }
}

/** The Postgres settings of every statement that a request leads to. */
export function settingsOfRequest(claims: Claims | undefined): Record<string, string> {
  return settingsOf(claims);
}
