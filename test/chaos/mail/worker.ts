import { inspect } from "node:util";
import { openPool } from "#db/pool.ts";
import { startSweeper } from "#mail/sweeper.ts";
import { configureMail } from "#mail/transport.ts";
import { Worker } from "#queue/worker.ts";
import { emit, onTelemetry } from "#telemetry.ts";
import { breakTransport } from "./breaks.ts";
import type { Breakage } from "./settings.ts";
import { listenToOrders } from "./stops.ts";

export type SenderSettings = { databaseUrl: string; mailboxUrl: string; breakage: Breakage | undefined };

/** A sending process as `npm start -- --only=worker` makes it, but for a short limit of its requests and a busy sweeper. */
const { databaseUrl, mailboxUrl, breakage } = JSON.parse(process.argv[2] ?? "") as SenderSettings;

const quiet = new Set(["job:started", "job:completed", "mail:flushed", "mail:looked-up", "mail:swept"]);
onTelemetry((name, about) => {
  if (!quiet.has(name))
    console.error(new Date().toISOString(), process.pid, name, inspect(about, { depth: 5 }));
});
process.on("disconnect", () => process.exit(1)); // the chaos run is gone
process.on("uncaughtException", (error) => {
  console.error(new Date().toISOString(), process.pid, "CRASH", error);
  process.exit(70);
});

listenToOrders();
const transport = configureMail({
  ...{ token: "sandbox-chaos", from: "School <mail@school.test>", publicUrl: "https://school.test" },
  ...{ endpoint: mailboxUrl, timeoutSeconds: 2 },
});
breakTransport(transport, breakage);
const pool = openPool(databaseUrl, "chaos-sender", { max: 2 });
await startInsistently();
process.send?.({ ready: true });

/** It may be born while Postgres is away; a supervisor would start it again. */
async function startInsistently(): Promise<void> {
  try {
    await new Worker({ databaseUrl, schedule: false }).start();
    startSweeper(pool, { everyMs: 500 });
  } catch (error) {
    emit("worker:error", { error });
    process.exit(75);
  }
}
