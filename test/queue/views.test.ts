import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, afterEach, before, test } from "node:test";
import { type Desk, openDesk } from "./desk.ts";

let desk: Desk;
before(async () => {
  desk = await openDesk();
});
after(() => desk[Symbol.asyncDispose]());
afterEach(async () => {
  for (const table of [
    "graphile_worker._private_jobs",
    "laravel.failed_jobs",
    "laravel.job_batches",
    "queue.attempts",
  ])
    await desk.rows(`delete from ${table}`);
  for (const table of ["pauses", "processes"]) await desk.rows(`delete from queue.${table}`);
});

test("queue.jobs has Laravel's columns and nothing else, also for a job of the next century", async () => {
  const { uuid, id } = await desk.dispatch({ queue: "mail", run_at: "2100-01-01T00:00:00Z" });
  const [job] = await desk.rows("select * from queue.jobs");
  assert.deepEqual(Object.keys(job), [
    "id",
    "queue",
    "payload",
    "attempts",
    "reserved_at",
    "available_at",
    "created_at",
  ]);
  assert.deepEqual(
    {
      id: job.id,
      queue: job.queue,
      attempts: job.attempts,
      reserved: job.reserved_at,
      available: job.available_at,
    },
    { id, queue: "mail", attempts: 0, reserved: null, available: 2_147_483_647 },
  );
  assert.equal(JSON.parse(job.payload).uuid, uuid);
});

test("queue.failed_jobs shows times with their zone and survives a foreign uuid", async () => {
  const { uuid, id } = await desk.dispatch();
  await desk.fail(id, "Error: it broke");
  await desk.rows(
    "insert into laravel.failed_jobs (uuid, connection, queue, payload, exception, failed_at) values ('old', 'redis', 'php', '', 'x', '2020-01-01 07:00:00')",
  );
  const [ours, foreign] = await desk.rows("select * from queue.failed_jobs order by id");
  assert.deepEqual(
    { uuid: ours.uuid, connection: ours.connection, queue: ours.queue, exception: ours.exception },
    { uuid, connection: "database", queue: "default", exception: "Error: it broke" },
  );
  assert.ok(Math.abs(ours.failed_at.getTime() - Date.now()) < 60_000);
  assert.equal(foreign.uuid, null);
  assert.equal(foreign.failed_at.toISOString(), "2020-01-01T07:00:00.000Z");
});

test("queue.job_batches shows how far a batch is", async () => {
  await desk.rows(
    "select queue.dispatch_batch($1, 'report', allow_failures => true)",
    JSON.stringify([{ task: "try/one" }, { task: "try/one" }, { task: "try/two" }, { task: "try/two" }]),
  );
  const [first, second] = await desk.rows(
    "select id, payload::json ->> 'uuid' as uuid from queue.jobs order by id",
  );
  await desk.take(first.id);
  await complete(first.id, first.uuid, 5);
  await desk.fail(second.id);
  const [batch] = await desk.rows("select * from queue.job_batches");
  const {
    name,
    total_jobs,
    pending_jobs,
    failed_jobs,
    processed_jobs,
    percent,
    failed_job_ids,
    allow_failures,
  } = batch;
  assert.deepEqual(
    { name, total_jobs, pending_jobs, failed_jobs, processed_jobs, percent, failed_job_ids, allow_failures },
    {
      ...{ name: "report", total_jobs: 4, pending_jobs: 3, failed_jobs: 1, processed_jobs: 1, percent: 25 },
      ...{ failed_job_ids: [second.uuid], allow_failures: true },
    },
  );
  assert.deepEqual(
    [batch.created_at instanceof Date, batch.finished_at, batch.cancelled_at],
    [true, null, null],
  );
});

test("queue.live_workers shows who is alive and what it holds", async () => {
  await desk.enter({ hostname: "web-1", queues: ["default", "mail"], slots: 7 });
  await desk.enter({ hostname: "web-2", queues: ["mail"] });
  await desk.take((await desk.dispatch()).id);
  await desk.rows("update queue.processes set memory_bytes = 104857600 where hostname = 'web-1'");
  await desk.rows(
    "update queue.processes set beat_at = now() - interval '1 minute' where hostname = 'web-2'",
  );
  const rows = await desk.rows(
    "select queue, hostname, pid, running, heard_seconds_ago, memory_mb, slots from queue.live_workers order by queue",
  );
  const web1 = { hostname: "web-1", pid: 123, heard_seconds_ago: 0, memory_mb: 100, slots: 7 };
  assert.deepEqual(rows, [
    { ...web1, queue: "default", running: 1 },
    { ...web1, queue: "mail", running: 0 },
  ]);
});

test("queue.overview has a row per queue, with all that an operator asks first", async () => {
  await desk.enter({ queues: ["default"] });
  await desk.rows("select queue.pause('mail', 'Postmark is down', until => '2100-01-01T00:00:00Z')");
  await desk.dispatch({ run_at: new Date(Date.now() - 30_000) });
  await desk.dispatch();
  await desk.dispatch({ delay: "1 hour" });
  const running = await desk.dispatch();
  await desk.take(running.id);
  for (const ms of [10, 30]) {
    const { uuid, id } = await desk.dispatch();
    await desk.take(id);
    await complete(id, uuid, ms);
  }
  await desk.fail((await desk.dispatch()).id);
  await desk.rows("update laravel.failed_jobs set failed_at = failed_at - interval '2 hours'");
  await desk.fail((await desk.dispatch()).id);
  await desk.rows("select graphile_worker.add_job('try/bare')");
  const rows = await desk.rows("select * from queue.overview where queue in ('default', 'mail', 'try/bare')");
  assert.deepEqual(
    rows.map(({ queue }) => queue),
    ["default", "mail", "try/bare"],
  );
  const [own, mail, bare] = rows;
  const { waiting, delayed, failed, failed_last_hour, workers, jobs_per_minute, average_ms, paused } = own;
  assert.deepEqual(
    {
      waiting,
      delayed,
      running: own.running,
      failed,
      failed_last_hour,
      workers,
      jobs_per_minute,
      average_ms,
      paused,
    },
    {
      ...{ waiting: 2, delayed: 1, running: 1, failed: 2, failed_last_hour: 1, workers: 1 },
      ...{ jobs_per_minute: 0.4, average_ms: 20, paused: false },
    },
  );
  assert.ok(own.oldest_wait_seconds >= 30 && own.oldest_wait_seconds < 90);
  assert.deepEqual(
    [
      mail.paused,
      mail.pause_reason,
      mail.paused_until.toISOString(),
      mail.paused_since instanceof Date,
      mail.paused_by,
    ],
    [true, "Postmark is down", "2100-01-01T00:00:00.000Z", true, await desk.value("select session_user")],
  );
  assert.deepEqual([bare.waiting, bare.served, mail.served, mail.oldest_wait_seconds], [1, null, true, null]);
});

test("queue.waits shows how long due jobs have waited, and passes over delayed and held ones", async () => {
  for (let age = 1; age <= 20; age++) await desk.dispatch({ run_at: new Date(Date.now() - age * 100_000) });
  await desk.dispatch({ delay: "1 hour" });
  await desk.take((await desk.dispatch({ queue: "mail", run_at: "2020-01-01T00:00:00Z" })).id);
  const rows = await desk.rows("select * from queue.waits");
  assert.deepEqual(
    rows.map(({ queue, waiting }) => [queue, waiting]),
    [["default", 20]],
  );
  const near = (value: number, wanted: number) =>
    assert.ok(value >= wanted && value < wanted + 60, `${value}`);
  near(rows[0].oldest_seconds, 2000);
  near(rows[0].p95_seconds, 2000);
  near(rows[0].p50_seconds, 1100);
});

test("queue.throughput counts what ended, by queue and minute", async () => {
  await desk.rows(`
    insert into queue.attempts (uuid, job_id, queue, task, attempt, outcome, started_at, ended_at)
    select gen_random_uuid(), n, 'default', 'try/one', 1, o.outcome, m.ended_at - n * interval '10 ms', m.ended_at
    from (values ('completed', 5), ('retried', 5), ('completed', 70)) o (outcome, minutes_ago)
    cross join lateral (select date_trunc('minute', now()) - o.minutes_ago * interval '1 minute' as ended_at) m
    cross join generate_series(1, 3) n`);
  const rows = await desk.rows("select * from queue.throughput");
  assert.equal(rows.length, 1);
  const [{ minute, ...counts }] = rows;
  assert.deepEqual(counts, {
    queue: "default",
    completed: 3,
    retried: 3,
    failed: 0,
    average_ms: 20,
    p95_ms: 29,
  });
  assert.equal(minute.getTime() % 60_000, 0);
});

test("every table, every view and every act of an operator is described", async () => {
  const undescribed = await desk.rows(
    `
    select c.oid::regclass::text as name from pg_class c
    where c.relnamespace = 'queue'::regnamespace and c.relkind in ('r', 'p', 'v') and not c.relispartition
      and obj_description(c.oid, 'pg_class') is null
    union all
    select p.oid::regprocedure::text from pg_proc p
    where p.pronamespace = 'queue'::regnamespace and obj_description(p.oid, 'pg_proc') is null and p.proname = any ($1)`,
    [
      ...[
        "retry",
        "retry_all",
        "retry_where",
        "retry_batch",
        "forget",
        "flush",
        "prune_failed",
        "prune_batches",
        "clear",
      ],
      ...[
        "cancel",
        "run_now",
        "job_id",
        "pause",
        "resume",
        "is_paused",
        "explain",
        "note",
        "configure",
        "limit",
        "unlimit",
      ],
    ],
  );
  assert.deepEqual(undescribed, []);
});

test("every statement that docs/queue.md gives to operators can be run", async () => {
  await desk.rows("select queue.create_queue('bulk')");
  const page = await readFile("docs/queue.md", "utf8");
  const [, chapter = ""] = page.split("## For operators\n");
  const blocks = [...chapter.matchAll(/```sql\n([\s\S]*?)```/g)].map(([, sql = ""]) => sql);
  const statements = blocks
    .flatMap((sql) => sql.replace(/--.*/g, "").split(";"))
    .filter((each) => each.trim());
  assert.ok(statements.length > 30);
  for (const statement of statements)
    await desk
      .rows(statement)
      .catch((error) => assert.equal(error.code, "HW404", `${statement}: ${error.message}`));
});

async function complete(id: string, uuid: string, ms: number): Promise<void> {
  await desk.rows(
    "select queue.complete_many('web-1-default', 'default', array[$1::bigint], array[1], array[$2::uuid], array['try/one'], array[$3::float8])",
    ...[id, uuid, ms],
  );
}
