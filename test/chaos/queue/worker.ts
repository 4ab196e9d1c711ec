import { inspect } from "node:util";
import { openPool } from "#db/pool.ts";
import { Worker } from "#queue/worker.ts";
import { emit, onTelemetry, type TelemetryEvent } from "#telemetry.ts";
import type { Breakage } from "./settings.ts";
import { chaosTasks } from "./tasks.ts";

export type WorkerSettings = { databaseUrl: string; breakage: Breakage | undefined };

/** What a worker process says ten times a second: completed jobs by queue, other events by name. */
export type Report = { ready?: true; completed?: Record<string, number>; events?: Record<string, number> };

const { databaseUrl, breakage } = JSON.parse(process.argv[2] ?? "") as WorkerSettings;

let completed: Record<string, number> = {};
let events: Record<string, number> = {};
const told = new Set<TelemetryEvent>([
  "job:started",
  "job:completed",
  "job:failed",
  "job:snoozed",
  "job:skipped",
]);

onTelemetry((name, about) => {
  if (name === "job:completed" && "queue" in about)
    completed[about.queue] = (completed[about.queue] ?? 0) + 1;
  events[name] = (events[name] ?? 0) + 1;
  if (!told.has(name))
    console.error(new Date().toISOString(), process.pid, name, inspect(about, { depth: 5 }));
});
setInterval(report, 100).unref();

process.on("disconnect", () => process.exit(1)); // the chaos run is gone
process.on("uncaughtException", (error) => {
  console.error(new Date().toISOString(), process.pid, "CRASH", error);
  process.exit(70);
});

const outside = openPool(databaseUrl, "chaos-outside", { max: 4 });
const worker = new Worker({
  databaseUrl,
  tasks: chaosTasks({ breakage, query: (text, values) => outside.query(text, values) }),
  schedule: false,
});
process.once("SIGTERM", stop);
await startInsistently();
process.send?.({ ready: true } satisfies Report);

/** It may be born while Postgres is away; a supervisor would start it again. */
async function startInsistently(): Promise<void> {
  try {
    await worker.start();
  } catch (error) {
    emit("worker:error", { error });
    process.exit(75);
  }
}

/** Ends by itself when nothing is left to do: whatever keeps it alive would be a leak. */
async function stop(): Promise<void> {
  await worker[Symbol.asyncDispose]();
  await outside.end();
  report();
  process.removeAllListeners("disconnect");
  process.disconnect?.();
}

function report(): void {
  process.send?.({ completed, events } satisfies Report, undefined, undefined, () => {});
  completed = {};
  events = {};
}
