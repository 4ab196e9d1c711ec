import { startApp } from "#app.ts";
import { loadConfig } from "#config.ts";
import { freePort } from "#lib/free-port.ts";
import { optionsOf, serve, serverApi } from "../../realtime/processes/serve.ts";

/** Howdah's API, alone. */
const { databaseUrl, jwtSecret } = optionsOf<{ databaseUrl: string; jwtSecret: string }>();
const port = await freePort();
const config = loadConfig({
  ...{ NODE_ENV: "production", DATABASE_URL: databaseUrl, JWT_SECRET: jwtSecret, PORT: String(port) },
  ...{ POSTMARK_SERVER_TOKEN: "of-the-bench", MAILBOX: "off" },
});
await startApp(config, new Set(["api"]));
serve(serverApi(port));
