import type { FastifyInstance } from "fastify";
import { anonKey } from "#auth/jwt.ts";
import type { Surface } from "#http/routes.ts";

/** What a browser needs before anybody is signed in; the apikey is publishable and opens nothing by itself. */
export function clientConfigRoute({ config, jwtSecret }: Surface) {
  return async (app: FastifyInstance) => {
    const apikey = await anonKey(jwtSecret);
    app.get("/api/config", async () => ({
      apikey,
      demo: config.demo,
      mailbox: config.mailbox,
      graphiql: !config.production,
    }));
  };
}
