import { readdirSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { openPool } from "#db/pool.ts";
import { Relay } from "#realtime/relay.ts";
import { onTelemetry } from "#telemetry.ts";

export type RelaySettings = { databaseUrl: string; jwtSecret: string };

/** What the relay says of itself when it is asked. Bytes. */
export type Health = {
  heap: number;
  external: number;
  rss: number;
  sockets: number;
  /** Descriptors that are open, where the system tells. */
  files: number;
  /** What stands on Object.prototype that should not. */
  polluted: string[];
  /** Telemetry by name. */
  events: Record<string, number>;
};

const { databaseUrl, jwtSecret } = JSON.parse(process.argv[2] ?? "") as RelaySettings;
const events: Record<string, number> = {};

onTelemetry((name, about) => {
  events[name] = (events[name] ?? 0) + 1;
  if (name === "realtime:frame:failed" || name === "realtime:message:failed") console.error(name, about);
});
process.on("disconnect", () => process.exit(1)); // the run is gone

const relay = new Relay({ databaseUrl, jwtSecret, pool: openPool(databaseUrl, "relay-pool"), beatMs: 1000 });
await relay.start();
const server = createServer((_request, response) => response.writeHead(404).end());
server.on("upgrade", (request, socket, head) => relay.handleUpgrade(request, socket, head));
server.listen(0, "127.0.0.1", () => process.send?.((server.address() as AddressInfo).port));

process.on("message", ({ id, collects }: { id: number; collects: boolean }) =>
  process.send?.({ id, health: examine(collects) }),
);

function examine(collects: boolean): Health {
  for (let times = collects ? 2 : 0; times > 0; times--) globalThis.gc?.();
  const { heapUsed, external, rss } = process.memoryUsage();
  const polluted = [];
  for (const key in {}) polluted.push(key);
  return {
    ...{ heap: heapUsed, external, rss, polluted, events },
    sockets: relay.stats().sockets,
    files: countFiles(),
  };
}

function countFiles(): number {
  try {
    return readdirSync("/proc/self/fd").length;
  } catch {
    return 0;
  }
}
