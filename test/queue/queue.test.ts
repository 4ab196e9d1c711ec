import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { openPool } from "#db/pool.ts";
import { Fail } from "#queue/errors.ts";
import { Worker } from "#queue/worker.ts";
import { onTelemetry, type TelemetryEvents } from "#telemetry.ts";
import { until } from "../support/wait.ts";
import { openWorld, type World } from "../support/world.ts";

const ran: { task: string; payload: unknown }[] = [];
let release: PromiseWithResolvers<void> = Promise.withResolvers();

const circle = new Error("round and round");
circle.cause = circle;

const tasks = new Map<
  string,
  (payload: unknown, helpers: { abortSignal?: AbortSignal | undefined }) => Promise<void>
>([
  ["try/record", async (payload) => void ran.push({ task: "try/record", payload })],
  ["try/break", async () => Promise.reject(new Error("it broke\0 here"))],
  ["try/refuse", async () => Promise.reject(new Fail("this can never work"))],
  [
    "try/once",
    async (payload) => {
      ran.push({ task: "try/once", payload });
      if (ran.filter(({ task }) => task === "try/once").length === 1)
        throw new Error("the first time it breaks");
    },
  ],
  ["try/loop", async () => Promise.reject(circle)],
  ["try/nothing", async () => Promise.reject(Object.create(null))],
  ["try/bare", async () => Promise.reject(undefined)],
  ["try/hang", () => release.promise],
]);

let world: World;
before(async () => {
  world = await openWorld();
});
after(() => world[Symbol.asyncDispose]());

test("a dispatched task runs with its payload and leaves no job behind", async () => {
  await using _worker = await startWorker();
  const done = next("job:completed");
  await dispatch("try/record", { n: 1 });
  assert.equal((await done).task, "try/record");
  assert.deepEqual(ran.at(-1), { task: "try/record", payload: { n: 1 } });
  assert.deepEqual(await jobs(), []);
});

test("a dispatch that is rolled back runs nothing, its committed twin runs", async () => {
  await using _worker = await startWorker();
  const client = await world.pool.connect();
  await client.query("begin");
  await client.query("select queue.dispatch('try/record', '{\"n\": 2}')");
  await client.query("rollback");
  client.release();
  const done = next("job:completed");
  await dispatch("try/record", { n: 3 });
  await done;
  assert.deepEqual(
    ran.map(({ payload }) => (payload as { n: number }).n).filter((n) => n === 2 || n === 3),
    [3],
  );
});

test("a job added by plain graphile_worker.add_job is served too", async () => {
  await using _worker = await startWorker();
  const done = next("job:completed");
  await world.pool.query("select graphile_worker.add_job('try/record', '{\"plain\": true}')");
  await done;
  assert.deepEqual(ran.at(-1)?.payload, { plain: true });
});

test("a waiting job stands in queue.jobs in Laravel's columns", async () => {
  const uuid = await dispatch("try/record", { n: 4 }, "2035-01-01T00:00:00Z");
  const [job] = await jobs();
  assert.deepEqual(Object.keys(job ?? {}), [
    ...["id", "queue", "payload", "attempts", "reserved_at", "available_at", "created_at"],
  ]);
  assert.equal(job?.queue, "default");
  assert.equal(job?.available_at, Date.parse("2035-01-01T00:00:00Z") / 1000);
  const payload = JSON.parse(job?.payload ?? "{}");
  assert.equal(payload.uuid, uuid);
  assert.equal(payload.displayName, "try/record");
  assert.deepEqual(payload.data, { n: 4 });
  await world.pool.query("delete from graphile_worker._private_jobs");
});

test("a job of the next century does not break queue.jobs", async () => {
  await dispatch("try/record", {}, "2999-01-01T00:00:00Z");
  assert.equal((await jobs())[0]?.available_at, 2 ** 31 - 1);
  await world.pool.query("delete from graphile_worker._private_jobs");
});

test("a failing job is tried again later, and keeps its error", async () => {
  await using _worker = await startWorker();
  const failed = next("job:failed");
  await dispatch("try/break", {});
  assert.equal((await failed).final, false);
  const { rows } = await world.pool.query(
    "select attempts, locked_at, last_error, run_at > now() as later from graphile_worker._private_jobs",
  );
  assert.equal(rows[0].attempts, 1);
  assert.equal(rows[0].locked_at, null);
  assert.equal(rows[0].later, true);
  assert.match(rows[0].last_error, /it broke here/);
  await world.pool.query("delete from graphile_worker._private_jobs");
});

test("a job that fails for good is found with its error and retried by one SQL function", async () => {
  await using _worker = await startWorker();
  const failed = next("job:failed");
  const uuid = await dispatch("try/refuse", { n: 5 });
  assert.equal((await failed).final, true);
  const { rows } = await world.pool.query("select * from queue.failed_jobs where uuid = $1", [uuid]);
  assert.match(rows[0].exception, /this can never work/);
  assert.equal(rows[0].connection, "database");
  assert.deepEqual(await jobs(), []);

  const again = next("job:failed");
  const retried = await world.pool.query("select queue.retry($1) as done", [uuid]);
  assert.equal(retried.rows[0].done, true);
  await again;
  const unknown = await world.pool.query("select queue.retry(gen_random_uuid()) as done");
  assert.equal(unknown.rows[0].done, false);
});

test("the last attempt fails for good, and a job of an unknown task at once", async () => {
  await using _worker = await startWorker();
  let failed = next("job:failed");
  await world.pool.query("select queue.dispatch('try/break', max_attempts => 1)");
  assert.equal((await failed).final, true);
  failed = next("job:failed");
  const uuid = await dispatch("try/nobody", {});
  assert.equal((await failed).final, true);
  const { rows } = await world.pool.query("select exception from queue.failed_jobs where uuid = $1", [uuid]);
  assert.match(rows[0].exception, /tasks\/try\/nobody\.ts/);
});

test("whatever a job holds or throws, it is found among the failed jobs with its error", async () => {
  await using _worker = await startWorker();
  const uuid = crypto.randomUUID();
  const twice = JSON.stringify({ job: "try/refuse", uuid, data: {} });
  const payloads = [
    '"a\\u0000b"',
    '{"job":"try/refuse","uuid":"no uuid"}',
    '{"job":"a\\u0000b","uuid":1}',
    twice,
    twice,
  ];
  for (const payload of payloads) {
    const failed = next("job:failed");
    await world.pool.query("select graphile_worker.add_job('default', $1::json, max_attempts => 1)", [
      payload,
    ]);
    assert.equal((await failed).final, true);
  }
  for (const task of ["try/loop", "try/nothing", "try/bare"]) {
    const failed = next("job:failed");
    await world.pool.query("select queue.dispatch($1, max_attempts => 1)", [task]);
    assert.equal((await failed).final, true);
  }
  assert.deepEqual(await jobs(), []);
  const { rows } = await world.pool.query(
    "select count(*)::int as failed, count(*) filter (where length(exception) > 0)::int as told from queue.failed_jobs where failed_at > now() - interval '1 minute' and uuid is not null",
  );
  assert.ok(rows[0].failed >= payloads.length + 3);
  assert.equal(rows[0].told, rows[0].failed);
});

test("a job without an envelope that failed for good is retried with its own payload", async () => {
  await using _worker = await startWorker();
  const failed = next("job:failed");
  await world.pool.query("select graphile_worker.add_job('try/once', '{\"n\": 10}', max_attempts => 1)");
  await failed;
  const done = next("job:completed");
  const { rows } = await world.pool.query(
    "select queue.retry(uuid) as done from queue.failed_jobs where queue = 'try/once'",
  );
  assert.deepEqual(rows, [{ done: true }]);
  await done;
  assert.deepEqual(ran.at(-1), { task: "try/once", payload: { n: 10 } });
});

test("a job whose envelope asks for nonsense can be retried all the same", async () => {
  const uuid = crypto.randomUUID();
  const payload = { job: "try/record", uuid, maxTries: "many", data: {} };
  await world.pool.query(
    "insert into queue.failures (uuid, queue, payload, priority, attempts, exception) values ($1, 'default', $2, 0, 1, 'x')",
    [uuid, payload],
  );
  const { rows } = await world.pool.query("select queue.retry($1) as done", [uuid]);
  assert.deepEqual(rows, [{ done: true }]);
  await world.pool.query("delete from graphile_worker._private_jobs");
});

test("one worker that cannot be rescued does not keep the others from it, nor does a poisoned payload", async () => {
  await world.pool.query(`
    select graphile_worker.add_job('default', '{"job":"x","uuid":"bad"}', max_attempts => 1);
    select queue.dispatch('try/record', '{"n": 9}');
    insert into queue.workers (id, queue, hostname, pid, beat_at) values
      ('worker-1', 'default', 'h', 1, now() - interval '1 minute'), ('worker-2', 'default', 'h', 2, now() - interval '1 minute');
    update graphile_worker._private_jobs
    set locked_by = case when max_attempts = 1 then 'worker-1' else 'worker-2' end, locked_at = now(), attempts = 1`);
  const { rows } = await world.pool.query("select * from queue.rescue() order by worker_id");
  assert.deepEqual(rows, [
    { worker_id: "worker-1", jobs: 0 },
    { worker_id: "worker-2", jobs: 1 },
  ]);
  await world.pool.query("delete from graphile_worker._private_jobs");
});

test("a name that is no task is refused at dispatch", async () => {
  await assert.rejects(world.pool.query("select queue.dispatch('../etc/passwd')"), { code: "HW422" });
});

test("somebody who lost the job can neither complete nor fail it", async () => {
  await dispatch("try/record", {}, "2035-01-01T00:00:00Z");
  const { rows } = await world.pool.query(`
    update graphile_worker._private_jobs set locked_by = 'worker-new', locked_at = now(), attempts = 2 returning id`);
  const { rows: refused } = await world.pool.query(
    "select queue.complete($1, 'worker-old', 1) as completed, queue.fail($1, 'worker-old', 1, 'late', true) as failed",
    [rows[0].id],
  );
  assert.deepEqual(refused, [{ completed: false, failed: "fenced" }]);
  const { rows: holder } = await world.pool.query("select queue.complete($1, 'worker-new', 2) as completed", [
    rows[0].id,
  ]);
  assert.equal(holder[0].completed, true);
});

test("the jobs of a worker that is heard of no more are given back", async () => {
  await dispatch("try/record", { n: 6 }, "2000-01-01");
  await world.pool.query(`
    insert into queue.workers (id, queue, hostname, pid, beat_at) values ('worker-dead', 'default', 'h', 1, now() - interval '1 minute');
    update graphile_worker._private_jobs set locked_by = 'worker-dead', locked_at = now(), attempts = 1`);
  const done = next("job:completed");
  await using _worker = await startWorker();
  await done;
  assert.deepEqual(ran.at(-1)?.payload, { n: 6 });
});

test("a stopping worker waits for its job, and gives back what does not end", async () => {
  release = Promise.withResolvers();
  const worker = await startWorker();
  await dispatch("try/hang", { n: 7 });
  await until(async () => (await jobs())[0]?.reserved_at !== null && (await jobs()).length === 1);
  const done = next("job:completed");
  const stopped = worker[Symbol.asyncDispose]();
  release.resolve();
  await done;
  await stopped;
  assert.deepEqual(await jobs(), []);

  release = Promise.withResolvers();
  const second = await startWorker();
  await dispatch("try/hang", { n: 8 });
  await until(async () => (await jobs())[0]?.reserved_at !== null && (await jobs()).length === 1);
  await second[Symbol.asyncDispose]();
  const [givenBack] = await jobs();
  assert.equal(givenBack?.reserved_at, null);
  assert.equal(givenBack?.attempts, 0);
  release.resolve();
});

async function startWorker(): Promise<AsyncDisposable> {
  const pool = openPool(world.databaseUrl, "worker");
  const worker = new Worker(pool, { tasks: tasks as never, schedule: [] });
  await worker.start();
  return {
    async [Symbol.asyncDispose]() {
      await worker[Symbol.asyncDispose]();
      await pool.end();
    },
  };
}

async function dispatch(task: string, payload: object, runAt?: string): Promise<string> {
  const { rows } = await world.pool.query(
    "select queue.dispatch($1, $2, run_at => coalesce($3::timestamptz, now())) as uuid",
    [task, payload, runAt],
  );
  return rows[0].uuid;
}

type JobRow = {
  queue: string;
  payload: string;
  attempts: number;
  reserved_at: number | null;
  available_at: number;
};

async function jobs(): Promise<JobRow[]> {
  const { rows } = await world.pool.query("select * from queue.jobs order by id");
  return rows;
}

function next<E extends "job:completed" | "job:failed">(event: E): Promise<TelemetryEvents[E]> {
  return new Promise((resolve) => {
    const end = onTelemetry((name, payload) => {
      if ((name as string) !== event) return;
      end();
      resolve(payload as never);
    });
  });
}
