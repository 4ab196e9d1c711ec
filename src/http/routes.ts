import type { FastifyInstance } from "fastify";
import type pg from "pg";
import type { Config } from "#config.ts";
import type { Database } from "#db/kysely.ts";
import type { Graphql } from "#graphql/api.ts";
import { respondNotFound } from "#http/respond.ts";
import { authRoutes } from "#http/routes/auth.ts";
import { broadcastRoute } from "#http/routes/broadcast.ts";
import { clientConfigRoute } from "#http/routes/client-config.ts";
import { healthRoutes } from "#http/routes/health.ts";
import { mailboxRoute } from "#http/routes/mailbox.ts";
import { postmarkWebhookRoute } from "#http/routes/postmark-webhook.ts";
import { unsubscribeRoutes } from "#http/routes/unsubscribe.ts";
import { addWeb } from "#http/static.ts";
import type { Relay } from "#realtime/relay.ts";

/** What the server of this process serves: the parts that were started in it. */
export type Surface = {
  config: Config;
  jwtSecret: string;
  /** What the mail service must know to tell us of letters. */
  webhookSecret: string;
  owner: pg.Pool;
  db: Database;
  graphql: Graphql | undefined;
  relay: Relay | undefined;
};

/**
 * The whole surface on one page:
 *
 *   GET  /healthz /readyz                      every process
 *   POST GET /graphql, GET /graphiql           api (GraphiQL in development only; websockets at /graphql: upgrade.ts)
 *   GET  /api/config                           api: what a browser needs to begin
 *   POST /auth/request-link /auth/sign-in      api: sign-in by mailed link
 *   POST /auth/token /auth/sign-out            api: a fresh JWT for the session cookie; the end of the session
 *   GET POST /unsubscribe/<token>              api: the links of letters, without sign-in
 *   GET POST /preferences/<token>              api: the same
 *   POST /mail/webhooks/postmark               api: what the mail service tells of letters
 *   GET  / and the files of the web app        api
 *   WS   /socket/websocket /realtime/v1/websocket, POST /api/broadcast[/…]    relay (websockets: upgrade.ts)
 *   GET  /mailbox[/…]                          leads to the mailbox, a process of its own
 */
export async function addRoutes(app: FastifyInstance, surface: Surface): Promise<void> {
  await app.register(healthRoutes(surface));
  if (surface.relay) await app.register(broadcastRoute(surface.relay));
  if (surface.config.mailbox) await app.register(mailboxRoute(surface.config));
  if (!surface.graphql) return void app.setNotFoundHandler(respondNotFound);
  await app.register(clientConfigRoute(surface));
  await app.register(authRoutes(surface));
  await app.register(unsubscribeRoutes(surface));
  await app.register(postmarkWebhookRoute(surface));
  await surface.graphql.addTo(app);
  await addWeb(app);
}
