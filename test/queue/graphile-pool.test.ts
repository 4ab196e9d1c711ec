import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { readFile } from "node:fs/promises";
import { after, afterEach, before, test } from "node:test";
import { inspect } from "node:util";
import { Logger, runTaskList, type WorkerEvents } from "graphile-worker";
import type pg from "pg";
import { openPool } from "#db/pool.ts";
import { type FetchedJob, GraphilePool } from "#queue/graphile-pool.ts";
import { until } from "../support/wait.ts";
import { type Ground, openGround } from "./support.ts";

// Pins what graphile-worker 0.18 says nothing about: the names of its statements, by which we answer them ourselves, and
// the shape of the pool that it is given.

let ground: Ground;
let pool: pg.Pool;
before(async () => {
  ground = await openGround();
  pool = openPool(ground.databaseUrl, "tried");
});
after(async () => {
  await pool?.end();
  await ground?.[Symbol.asyncDispose]();
});
afterEach(() => ground.rows("truncate graphile_worker._private_jobs, graphile_worker._private_job_queues"));

const kinds = {
  "a job": { jobs: 1 },
  "jobs in a group": { jobs: 20 },
  "a job in a lane": { jobs: 1, lane: "lane" },
};

for (const [kind, { jobs, ...options }] of Object.entries(kinds)) {
  test(`graphile-worker neither completes nor fails ${kind} by itself: the rows stand, held by its pool`, async () => {
    await add(jobs, options);
    await using worker = work(watched());
    await until(() => worker.ended.length === 2 * jobs);
    await worker.stop();
    const rows = await ground.rows(
      "select locked_by, attempts, last_error from graphile_worker._private_jobs",
    );
    assert.equal(rows.length, 2 * jobs);
    for (const row of rows) assert.deepEqual(row, { locked_by: worker.id, attempts: 1, last_error: null });
  });

  test(`with a plain pool it does: ${kind} that succeeded is gone, one that failed is free`, async () => {
    await add(jobs, options);
    await using worker = work(pool);
    await until(() => worker.ended.length === 2 * jobs);
    await worker.stop();
    const rows = await ground.rows(
      "select locked_by, attempts, last_error from graphile_worker._private_jobs",
    );
    assert.equal(rows.length, jobs);
    for (const row of rows) assert.deepEqual(row, { locked_by: null, attempts: 1, last_error: "no" });
  });
}

test("what it fetches is told, and what it gives back at its end", async () => {
  await add(10);
  const seen = watched();
  await using worker = work(seen, { size: 15, block: true });
  await until(() => seen.fetched.length === 15);
  await until(() => worker.begun.length > 0);
  await worker.stop();
  await seen.graphile.returned();
  assert.deepEqual(
    seen.fetched.map(({ attempts }) => attempts),
    Array(15).fill(1),
  );
  const held = seen.fetched.map(({ id }) => id).filter((id) => !seen.returned.includes(id));
  assert.deepEqual(held.sort(), worker.begun.sort(), "all but those that were begun");
  const locked = await ground.value(
    "select array_agg(id::text) from graphile_worker._private_jobs where locked_by = $1",
    worker.id,
  );
  assert.deepEqual(locked.sort(), held.sort());
});

test("nothing is fetched before others know whose it would be", async () => {
  await add(1);
  const seen = watched();
  seen.isEntered = false;
  await using worker = work(seen);
  await until(() => seen.asked > 2);
  assert.deepEqual(worker.begun, []);
  seen.isEntered = true;
  await until(() => worker.ended.length === 2);
});

test("an answer that was lost is told, and the pool goes on", async () => {
  const seen = watched();
  await using worker = work(seen);
  await until(() => seen.asked > 0);
  await until(async () => {
    await ground.rows(
      "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'howdah:tried' and datname = current_database()",
    );
    return seen.lost.length > 0;
  });
  await add(1);
  await until(() => worker.ended.length === 2);
});

test("it wakes at once when it is told to, with a poll of an hour", async () => {
  const seen = watched();
  await using worker = work(seen, { pollInterval: 3_600_000 });
  await until(() => seen.asked > 0);
  await add(1);
  await until(() => {
    seen.graphile.wake(5);
    return worker.ended.length === 2;
  });
});

test("the version whose private ways these are", async () => {
  const manifest = new URL("../package.json", import.meta.resolve("graphile-worker"));
  assert.match(JSON.parse(await readFile(manifest, "utf8")).version, /^0\.18\./);
});

type Watched = {
  graphile: GraphilePool;
  fetched: FetchedJob[];
  returned: string[];
  lost: unknown[];
  asked: number;
  isEntered: boolean;
};

function watched(): Watched {
  const seen = { fetched: [], returned: [], lost: [], asked: 0, isEntered: true } as Omit<
    Watched,
    "graphile"
  >;
  const graphile = new GraphilePool(pool, {
    entered: () => {
      seen.asked++;
      return seen.isEntered;
    },
    givenUp: new AbortController().signal,
    fetched: (jobs) => void seen.fetched.push(...jobs),
    returned: (ids) => void seen.returned.push(...ids),
    lost: (error) => void seen.lost.push(error),
  });
  return Object.assign(seen, { graphile });
}

/** graphile-worker as we run it, with the tasks try/yes and try/no. */
function work(on: Watched | pg.Pool, { size = 40, block = false, pollInterval = 50 } = {}) {
  const begun: string[] = [];
  const ended: string[] = [];
  const events: WorkerEvents = new EventEmitter();
  events.on("job:complete", ({ job }) => void ended.push(job.id));
  const gate = Promise.withResolvers<void>();
  const run =
    (error?: Error) =>
    async (_payload: unknown, { job }: { job: { id: string } }) => {
      begun.push(job.id);
      if (block) await gate.promise;
      if (error) throw error;
    };
  const graphile = runTaskList(
    {
      noHandleSignals: true,
      events,
      logger: new Logger(() => () => {}),
      preset: {
        worker: {
          ...{ concurrentJobs: 2, pollInterval, completeJobBatchDelay: 0, failJobBatchDelay: 0 },
          localQueue: { size },
        },
      },
    },
    { "try/yes": run(), "try/no": run(new Error("no")) },
    ("graphile" in on ? on.graphile : on) as pg.Pool,
  );
  let over: Promise<unknown> | undefined;
  const stop = () => {
    gate.resolve();
    over ??= Promise.resolve(graphile.gracefulShutdown()).catch(onlyTheKnownDefect);
    return over;
  };
  return { id: graphile.id, begun, ended, stop, [Symbol.asyncDispose]: async () => void (await stop()) };
}

/** It cannot end in peace while jobs wait in its local queue; they are given back all the same. */
function onlyTheKnownDefect(error: unknown): void {
  assert.match(inspect(error), /Cannot background something when the queue is already released/);
}

/** As many jobs of try/yes, and as many of try/no. */
async function add(jobs: number, { lane }: { lane?: string } = {}): Promise<void> {
  for (const name of ["try/yes", "try/no"])
    await ground.rows(
      "select graphile_worker.add_job($1, '{}', queue_name => $2) from generate_series(1, $3)",
      ...[name, lane && `${lane} ${name}`, jobs],
    );
}
