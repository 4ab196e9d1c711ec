import { fork } from "node:child_process";
import path from "node:path";
import type pg from "pg";
import { startApp } from "#app.ts";
import type { WorkOptions } from "#cli/work-options.ts";
import type { Settings } from "#cli/worker-process.ts";
import type { Config } from "#config.ts";
import { Listener } from "#db/listen.ts";
import { openPool } from "#db/pool.ts";
import { AppError } from "#errors.ts";
import { lookAt } from "#queue/backlog.ts";
import { Supervisor } from "#queue/supervisor.ts";
import { WorkerProcess } from "#queue/worker-process.ts";

const entry = path.join(import.meta.dirname, "worker-process.ts");
const beside = 4; // connections of a process besides those that its jobs share: it listens, ticks and sweeps

/** Several worker processes and who watches over them, until asked to stop or, if wished, until nothing waits. */
export async function supervise(
  config: Config,
  options: WorkOptions,
  stopAsked: Promise<unknown>,
): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const { databaseUrl } = stack.use(await startApp(config, new Set()));
  const pool = stack.adopt(openPool(databaseUrl, "supervisor", { max: 2 }), (kept) => kept.end());
  const settings = settingsOf(config, databaseUrl, options, await connectionsEach(pool, options));
  const empty = Promise.withResolvers<void>();
  let timesEmpty = 0; // twice in a row: what a process said last may be a second old
  const supervisor = stack.use(
    new Supervisor({
      ...options,
      open: () => new WorkerProcess(fork(entry, { serialization: "advanced" }), settings),
      look: async () => {
        const seen = await lookAt(pool, options.name, options.order);
        timesEmpty =
          supervisor.running === 0 && seen.loads.every(({ ready }) => ready === 0) ? timesEmpty + 1 : 0;
        if (timesEmpty === 2) empty.resolve();
        return seen;
      },
    }),
  );
  const listener = new Listener(databaseUrl, "supervisor:listen").listen("howdah_queue", (word) => {
    if (word === "restart") void supervisor.restart();
  });
  await stack.use(listener).start();
  await Promise.race([supervisor.start(), stopAsked]);
  await Promise.race(options.stopWhenEmpty ? [stopAsked, empty.promise] : [stopAsked]);
}

function settingsOf(
  config: Config,
  databaseUrl: string,
  { order, slots, limits, tasks, name }: WorkOptions,
  connections: number,
): Settings {
  return {
    config: { ...config, databaseUrl, databasePoolSize: 2, demo: false },
    here: { order, slots, limits, tasks, connections, supervisor: name, stopWhenEmpty: false },
  };
}

/** So many that all processes together find room in the database. */
async function connectionsEach(pool: pg.Pool, { max, slots }: WorkOptions): Promise<number> {
  const { rows } = await pool.query<{ free: number }>("select queue.free_connections() as free");
  const free = rows[0]?.free ?? 0;
  const each = Math.min(slots + 4, Math.floor(free / (max + 1)) - beside); // + 1: a restart has one more for a while
  if (each >= 2) return each;
  const fits = Math.max(Math.floor(free / (2 + beside)) - 1, 1);
  throw new AppError(
    "TooManyProcesses",
    `The database has room for ${free} connections, which is too few for ${max} processes: use --processes=${fits}, or raise max_connections.`,
  );
}
