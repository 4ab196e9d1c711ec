import { isIP } from "node:net";
import type { FastifyInstance } from "fastify";
import type { Config } from "#config.ts";
import { AppError } from "#errors.ts";

declare module "fastify" {
  interface FastifyContextConfig {
    /** Asks for a secret that no page knows, so it may be called by any name. */
    anyHost?: boolean;
  }
}

/**
 * A development server shows whoever asks more than others do. A foreign page can make its own host name point to
 * this machine and ask as if it were ours (DNS rebinding), so only names that are known to be ours are answered.
 */
export function checkHost(app: FastifyInstance, config: Config): void {
  if (config.production) return;
  const ours = new URL(config.publicUrl).hostname;
  app.addHook("onRequest", async ({ hostname, routeOptions }) => {
    if (isLocal(hostname) || hostname === ours || routeOptions.config?.anyHost) return;
    throw new AppError(
      "ForeignHost",
      `${hostname} is not a name of this server: set PUBLIC_URL to it if it is.`,
      {
        status: 421,
      },
    );
  });
}

function isLocal(hostname: string): boolean {
  return isIP(hostname.replace(/^\[|\]$/g, "")) !== 0 || /(^|\.)localhost$/.test(hostname);
}
