import { isIP } from "node:net";
import type { FastifyInstance } from "fastify";
import type { Config } from "#config.ts";

const prefix = "/mailbox";

/** Leads to the mailbox: at the port where the processes reach it, by the name by which this server was reached. */
export function mailboxRoute({ mailboxUrl }: Config) {
  return async (app: FastifyInstance) => {
    app.get(prefix, (request, reply) => reply.redirect(placeFor(request)));
    app.get(`${prefix}/*`, (request, reply) => reply.redirect(placeFor(request)));
  };

  function placeFor({ hostname, url }: { hostname: string; url: string }): string {
    const place = new URL(mailboxUrl + (url.slice(prefix.length) || "/"));
    if (isInternal(place.hostname)) place.hostname = hostname;
    return place.href;
  }
}

/** An address, or the name of a container: a browser elsewhere knows neither. */
function isInternal(hostname: string): boolean {
  return isIP(hostname.replace(/^\[|\]$/g, "")) !== 0 || !hostname.includes(".");
}
