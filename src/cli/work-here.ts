import type pg from "pg";
import { startApp } from "#app.ts";
import type { Limits } from "#cli/work-options.ts";
import type { Config } from "#config.ts";
import { openPool } from "#db/pool.ts";
import { pause } from "#lib/pause.ts";
import { lookAt } from "#queue/backlog.ts";
import type { Place } from "#queue/order.ts";
import { loadTasks } from "#queue/tasks.ts";
import type { Worker } from "#queue/worker.ts";
import { emit, onTelemetry } from "#telemetry.ts";

export type WorkHere = {
  order: Map<string, Place> | undefined;
  slots: number;
  limits: Limits;
  stopWhenEmpty: boolean;
  tasks: string | undefined;
  connections?: number;
  supervisor?: string;
};

/** What happens to the process from outside, and who hears of its life. */
export type Around = {
  /** Jobs that run are given a few seconds, then given back. */
  stopAsked: Promise<unknown>;
  /** Jobs that run are waited for. */
  drainAsked: Promise<unknown>;
  /** "restart" and other words on the pg channel howdah_queue. */
  onSignal?: (word: string) => void;
  onReady?: (worker: Worker) => void;
  onLeaving?: (reason: string) => void;
};

const memoryCode = 12; // as in Laravel

/** Works in this process until asked to stop or until a limit is reached; the exit code. */
export async function workHere(config: Config, here: WorkHere, around: Around): Promise<number> {
  // graphile-worker leaves promises of its own unawaited: a connection that breaks must not end the process.
  process.on("unhandledRejection", (error) => emit("process:error", { error }));
  const leave = new AbortController();
  countJobs(here.limits.maxJobs, leave); // before the first one can begin
  await using app = await startApp(config, new Set(["worker"]), {
    ...{ slots: here.slots, drainOn: leave.signal },
    ...(here.order ? { order: here.order } : {}),
    ...(here.connections ? { connections: here.connections } : {}),
    ...(here.supervisor ? { supervisor: here.supervisor } : {}),
    ...(here.tasks ? { tasks: await loadTasks(here.tasks) } : {}),
    ...(around.onSignal ? { onSignal: around.onSignal } : {}),
  });
  const worker = app.worker as Worker;
  await using _watch = watchLimits(here, worker, app.databaseUrl, leave);
  around.onReady?.(worker);
  const reason = await Promise.race([
    around.stopAsked.then(() => "stop"),
    around.drainAsked.then(() => "drain"),
    aborted(leave.signal),
  ]);
  if (reason !== "stop") {
    if (reason !== "drain") around.onLeaving?.(reason);
    await Promise.race([worker.drain(), around.stopAsked]);
  }
  return reason === "memory" ? memoryCode : 0;
}

function countJobs(maxJobs: number | undefined, leave: AbortController): void {
  let jobs = 0;
  if (maxJobs)
    onTelemetry((event) => event === "job:started" && ++jobs === maxJobs && leave.abort("max-jobs"));
}

function aborted(signal: AbortSignal): Promise<string> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(signal.reason);
    else signal.addEventListener("abort", () => resolve(signal.reason), { once: true });
  });
}

function watchLimits(
  { limits: { maxSeconds, memoryMb }, stopWhenEmpty, order }: WorkHere,
  worker: Worker,
  databaseUrl: string,
  leave: AbortController,
): AsyncDisposable {
  const over = new AbortController();
  const pool = openPool(databaseUrl, "limits", { max: 1 });
  const time = async (seconds: number) => {
    await pause(seconds * 1000, over.signal);
    if (!over.signal.aborted) leave.abort("max-time");
  };
  const watches = [
    maxSeconds && time(maxSeconds),
    memoryMb && again(1000, over.signal, () => isAbove(memoryMb) && leave.abort("memory")),
    stopWhenEmpty &&
      again(
        500,
        over.signal,
        emptiness(pool, order, worker, () => leave.abort("empty")),
      ),
  ];
  return {
    async [Symbol.asyncDispose]() {
      over.abort();
      await Promise.all(watches);
      await pool.end();
    },
  };
}

/** Twice in a row: a job that was just fetched neither waits nor runs for a moment. */
function emptiness(pool: pg.Pool, order: WorkHere["order"], worker: Worker, leave: () => void) {
  let times = 0;
  return async () => {
    const { loads } = await lookAt(pool, "", order);
    times = worker.running === 0 && loads.every(({ ready }) => ready === 0) ? times + 1 : 0;
    if (times === 2) leave();
  };
}

async function again(everyMs: number, over: AbortSignal, look: () => unknown): Promise<void> {
  while (!over.aborted) {
    await Promise.resolve(look()).catch(() => {}); // a database that is away says nothing about emptiness
    await pause(everyMs, over);
  }
}

function isAbove(memoryMb: number): boolean {
  return process.memoryUsage.rss() > memoryMb * 1_048_576;
}
