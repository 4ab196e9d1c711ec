import type { FastifyRequest } from "fastify";
import type { Config } from "#config.ts";
import { AppError } from "#errors.ts";

type Origins = Pick<Config, "corsOrigins" | "production">;

/** Without CORS_ORIGINS a development server answers pages from any port of this machine, a production one nobody. */
export function allowedOrigins({ corsOrigins, production }: Origins) {
  if (corsOrigins.includes("*")) return "*";
  if (corsOrigins.length > 0 || production) return corsOrigins;
  return localOrigin;
}

const localOrigin = /^https?:\/\/(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/;

/**
 * A hook for routes that heed the cookie: a page of a foreign origin may not even make the browser ask. What sends no
 * Origin is no browser's page.
 */
export function refuseForeignPages(config: Origins & Pick<Config, "publicUrl">) {
  const allowed = allowedOrigins(config);
  const ours = new URL(config.publicUrl).origin;
  return async ({ headers, host }: FastifyRequest): Promise<void> => {
    const { origin } = headers;
    if (origin === undefined || origin === ours || isAllowed(origin, allowed) || isSameHost(origin, host))
      return;
    throw new AppError(
      "ForeignOrigin",
      `Pages of ${origin} may not do this: add it to CORS_ORIGINS if they may.`,
      {
        status: 403,
      },
    );
  };
}

function isAllowed(origin: string, allowed: ReturnType<typeof allowedOrigins>): boolean {
  if (typeof allowed === "string") return true;
  return Array.isArray(allowed) ? allowed.includes(origin) : allowed.test(origin);
}

function isSameHost(origin: string, host: string): boolean {
  return URL.canParse(origin) && new URL(origin).host === host;
}
