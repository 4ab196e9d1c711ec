import { createServer } from "node:http";
import { inspect } from "node:util";
import { openPool } from "#db/pool.ts";
import { Relay } from "#realtime/relay.ts";
import { onTelemetry } from "#telemetry.ts";

export type RelaySettings = { databaseUrl: string; jwtSecret: string; port: number };

/** The exit of a relay that could not start because Postgres was away. */
export const couldNotStart = 75;

const { databaseUrl, jwtSecret, port } = JSON.parse(process.argv[2] ?? "") as RelaySettings;
const quiet =
  /^realtime:(socket:(open|closed)|channel:joined|channel:left|feed:read)$|^database:error$|^listener:/;

onTelemetry((name, about) => {
  if (!quiet.test(name))
    console.error(new Date().toISOString(), process.pid, name, inspect(about, { depth: 4 }));
});

process.on("disconnect", () => process.exit(1)); // the chaos run is gone
for (const event of ["uncaughtException", "unhandledRejection"])
  process.on(event, (error) => {
    console.error(new Date().toISOString(), process.pid, "CRASH", error);
    process.exit(70);
  });

const relay = new Relay({
  databaseUrl,
  jwtSecret,
  pool: openPool(databaseUrl, "relay-pool", { max: 8 }),
  beatMs: 1000,
});
await relay.start().catch((error) => {
  console.error(new Date().toISOString(), process.pid, "no start", error);
  process.exit(couldNotStart);
});
const server = createServer((_request, response) => response.writeHead(404).end());
server.on("upgrade", (request, socket, head) => relay.handleUpgrade(request, socket, head));
server.listen(port, "127.0.0.1", () => process.send?.("ready"));
