import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import type { Job } from "#queue/job.ts";
import { nothing, task } from "#queue/task.ts";
import { Worker } from "#queue/worker.ts";
import { until } from "../support/wait.ts";
import { type Desk, listenTo, openDesk } from "./desk.ts";

const jobs = "select id, queue, attempts, payload from queue.jobs order by id";
const outcomes = "select outcome from queue.attempts where uuid = $1 order by ended_at";

let desk: Desk;
before(async () => {
  desk = await openDesk();
});
after(() => desk[Symbol.asyncDispose]());
afterEach(async () => {
  await desk.rows("delete from graphile_worker._private_jobs");
  await desk.rows("delete from laravel.failed_jobs");
  await desk.rows("delete from laravel.job_batches");
  await desk.rows("delete from queue.audit");
});

test("a failed job is back under its uuid, with all its attempts, and workers are told", async () => {
  await using workers = await listenTo(desk, "howdah_jobs");
  const { uuid, id } = await desk.dispatch({ queue: "mail", tries: 7, priority: -3, payload: { n: 1 } });
  await desk.fail(id);
  assert.deepEqual(await desk.rows(jobs), []);
  assert.equal(await desk.value("select queue.retry($1)", uuid), true);
  const [job] = await desk.rows("select * from graphile_worker._private_jobs");
  assert.deepEqual(
    { attempts: job.attempts, max: job.max_attempts, priority: job.priority, flags: job.flags },
    { attempts: 0, max: 7, priority: -3, flags: null },
  );
  assert.deepEqual({ uuid: job.payload.uuid, data: job.payload.data }, { uuid, data: { n: 1 } });
  await workers.heard("mail 1");
  assert.deepEqual(await desk.rows("select from queue.failed_jobs"), []);
});

test("a retry is noted with who did it; one of an unknown job does nothing and is not", async () => {
  const { uuid, id } = await desk.dispatch();
  await desk.fail(id);
  const unknown = crypto.randomUUID();
  assert.equal(await desk.value("select queue.retry($1)", unknown), false);
  assert.deepEqual(await desk.noted(), []);
  const client = await desk.pool.connect();
  await client.query("begin; set local howdah.actor = 'ayu@school.example'");
  await client.query("select queue.retry($1)", [uuid]);
  await client.query("commit");
  client.release();
  assert.deepEqual(await desk.noted(), [
    { actor: "ayu@school.example", act: "retry", target: uuid, affected: "1" },
  ]);
  await desk.fail(await desk.value("select queue.job_id($1)", uuid));
  await desk.value("select queue.retry($1)", uuid);
  assert.equal((await desk.noted())[0]?.actor, await desk.value("select session_user"));
});

test("attempts come from the payload: 0 is without end, nonsense is the queue's own", async () => {
  for (const [envelope, max] of [
    [{ maxTries: 3 }, 3],
    [{ maxTries: 0 }, 32767],
    [{ maxTries: "many" }, 4],
    [{ maxTries: null }, 4],
    [{ maxTries: 99999 }, 32767],
    [{ priority: "high" }, 4],
    [{ limits: "all of them" }, 4],
  ] as const) {
    await desk.value("select queue.retry($1)", await failedRow(envelope));
    const [job] = await desk.rows("delete from graphile_worker._private_jobs returning max_attempts");
    assert.equal(job.max_attempts, max, JSON.stringify(envelope));
  }
});

test("a retryUntil that has passed opens a window of the same length; without a start there is none", async () => {
  const now = Math.floor(Date.now() / 1000);
  const retried = async (envelope: object, raw?: (text: string) => string) => {
    await desk.value("select queue.retry($1)", await failedRow({ maxTries: 2, ...envelope }, raw));
    const [job] = await desk.rows(
      "delete from graphile_worker._private_jobs returning payload::text, max_attempts",
    );
    return { max: job.max_attempts, text: job.payload, ...JSON.parse(job.payload) };
  };
  const passed = { createdAt: now - 7000, retryUntil: now - 6400 };
  const fresh = await retried(passed);
  assert.ok(Math.abs(fresh.retryUntil - now - 600) < 60);
  assert.equal(fresh.retryUntil - fresh.createdAt, 600);
  assert.equal(fresh.max, 32767);
  const dropped = await retried({ retryUntil: now - 6400 });
  assert.deepEqual({ until: dropped.retryUntil, max: dropped.max }, { until: null, max: 2 });
  const open = await retried({ createdAt: now - 10, retryUntil: now + 900 });
  assert.deepEqual({ until: open.retryUntil, max: open.max }, { until: now + 900, max: 32767 });
  const withNul = await retried({ ...passed, data: { command: "O:1:NUL" } }, (text) =>
    text.replace("NUL", "\\u0000"),
  );
  assert.ok(Math.abs(withNul.retryUntil - now - 600) < 60);
  assert.match(withNul.text, /O:1:\\u0000/);
});

test("a job that was added by its task's own name is back under that name", async () => {
  await desk.rows("select graphile_worker.add_job('try/two', '{\"n\": 5}', max_attempts => 3)");
  const [{ id }] = await desk.rows(jobs);
  await desk.fail(id);
  const [{ uuid }] = await desk.rows("select uuid from queue.failed_jobs");
  assert.equal(await desk.value("select queue.retry($1)", uuid), true);
  const [job] = await desk.rows("select queue, payload::json, attempts from queue.jobs");
  assert.deepEqual(
    { queue: job.queue, job: job.payload.job, data: job.payload.data, attempts: job.attempts },
    { queue: "try/two", job: "try/two", data: { n: 5 }, attempts: 0 },
  );
  assert.equal(await desk.value("select max_attempts from graphile_worker._private_jobs"), 3);
});

test("a job of PHP goes back to Laravel's side of its queue, where Laravel finds it", async () => {
  const php = {
    job: "Illuminate\\Queue\\CallQueuedHandler@call",
    data: { commandName: "App\\Jobs\\Remind" },
  };
  const uuid = await failedRow(php);
  assert.equal(await desk.value("select queue.retry($1)", uuid), true);
  assert.deepEqual(await desk.rows("select queue from queue.jobs"), [{ queue: "laravel:default" }]);
  assert.deepEqual(await desk.rows("select queue, attempts, reserved_at from laravel.jobs"), [
    { queue: "default", attempts: 0, reserved_at: null },
  ]);
});

test("of two that retry the same job at the same time, one does", async () => {
  for (let turn = 0; turn < 5; turn++) {
    const uuid = await failedRow({});
    const retried = await Promise.all([1, 2, 3].map(() => desk.value("select queue.retry($1)", uuid)));
    assert.deepEqual(retried.sort(), [false, false, true]);
  }
  assert.equal((await desk.rows(jobs)).length, 5);
});

test("what is no JSON can only be forgotten; the others are retried", async () => {
  const broken = await failedRow({}, () => "{ no json");
  const whole = await failedRow({});
  await assert.rejects(desk.value("select queue.retry($1)", broken), {
    code: "HW422",
    message: /queue\.forget/,
  });
  assert.equal(await desk.value("select queue.retry_all()"), "1");
  assert.deepEqual(await desk.rows("select uuid from queue.failed_jobs"), [{ uuid: broken }]);
  assert.ok(await desk.value("select queue.job_id($1)", whole));
  assert.equal(await desk.value("select queue.forget($1)", broken), true);
  assert.equal(await desk.value("select queue.forget($1)", broken), false);
  assert.deepEqual(
    (await desk.noted()).map(({ act }) => act),
    ["forget", "retry_all"],
  );
});

test("all failed jobs are retried, or those of one queue, also rows that bear no uuid", async () => {
  await failedRow({}, undefined, { queue: "mail" });
  await failedRow({}, undefined, { queue: "mail", uuid: "from-an-old-laravel" });
  await failedRow({});
  assert.equal(await desk.value("select queue.retry_all('mail')"), "2");
  assert.equal(await desk.value("select queue.retry_all('nobody')"), "0");
  assert.equal(await desk.value("select queue.retry_all()"), "1");
  assert.deepEqual(
    (await desk.noted()).map(({ target, affected }) => [target, affected]),
    [
      ["*", "1"],
      ["mail", "2"],
    ],
  );
});

test("a filter takes the failed jobs that match every key", async () => {
  const old = { failed_at: "2020-01-01T00:00:00" };
  const rows = {
    mail: await failedRow({ job: "try/two", tags: ["tenant:1"] }, undefined, { queue: "mail" }),
    late: await failedRow({ exception: "timeout" }, undefined, { exception: "Error: Timeout of Postmark" }),
    member: await failedRow({ batchId: "batch-1" }),
    old: await failedRow({ displayName: "App\\Jobs\\Remind" }, undefined, old),
    unread: await failedRow({}, () => "{ no json", old),
  };
  const found = async (filter: object) => {
    const ids = await desk.rows(
      "select uuid from queue.failed_jobs where id = any (queue.failed_where($1)) order by id",
      filter,
    );
    return ids.map(({ uuid }) => Object.entries(rows).find(([, each]) => each === uuid)?.[0]);
  };
  assert.deepEqual(await found({ queue: "mail" }), ["mail"]);
  assert.deepEqual(await found({ task: "try/two" }), ["mail"]);
  assert.deepEqual(await found({ task: "App\\Jobs\\Remind" }), ["old"]);
  assert.deepEqual(await found({ tag: "tenant:1" }), ["mail"]);
  assert.deepEqual(await found({ batch: "batch-1" }), ["member"]);
  assert.deepEqual(await found({ exception: "%timeout%" }), ["late"]);
  assert.deepEqual(await found({ until: "2020-01-02T00:00:00Z" }), ["old", "unread"]);
  assert.deepEqual(await found({ since: "2020-01-02T00:00:00Z", queue: "default" }), ["late", "member"]);
  assert.deepEqual(await found({ queue: "default", limit: 1 }), ["late"]);
  assert.deepEqual(await found({ queue: "mail", tag: "tenant:2" }), []);
  assert.equal(await desk.value("select queue.retry_where($1)", { exception: "%timeout%", task: null }), "1");
  assert.ok(await desk.value("select queue.job_id($1)", rows.late));
});

test("a filter that says nothing, or what it cannot, is refused", async () => {
  for (const filter of [
    {},
    { queue: null },
    { colour: "red" },
    { queue: ["mail"] },
    { since: "soon" },
    { limit: "x" },
    { limit: -1 },
  ])
    await assert.rejects(
      desk.value("select queue.retry_where($1)", filter),
      { code: "HW422" },
      JSON.stringify(filter),
    );
  await assert.rejects(desk.value("select queue.retry_where(null)"), { code: "HW422" });
  assert.equal(await desk.value("select queue.retry_where($1)", { since: "2020-01-01" }), "0");
});

test("a failed member of a batch counts as pending again, by itself or with its batch", async () => {
  const batch = await desk.value(
    "select queue.dispatch_batch($1, allow_failures => true)",
    JSON.stringify([{ task: "try/one" }, { task: "try/one" }, { task: "try/two" }]),
  );
  const counts = () =>
    desk.rows("select pending_jobs, failed_jobs, finished_at from laravel.job_batches where id = $1", batch);
  for (const { id } of (await desk.rows(jobs)).slice(0, 2)) await desk.fail(id);
  assert.deepEqual(await counts(), [{ pending_jobs: 3, failed_jobs: 2, finished_at: null }]);
  const [{ uuid }] = await desk.rows("select uuid from queue.failed_jobs limit 1");
  await desk.value("select queue.retry($1)", uuid);
  assert.deepEqual(await counts(), [{ pending_jobs: 3, failed_jobs: 1, finished_at: null }]);
  assert.deepEqual(
    await desk.value("select flags from graphile_worker._private_jobs where payload ->> 'uuid' = $1", uuid),
    { batch: true },
  );
  assert.equal(await desk.value("select queue.retry_batch($1)", batch), "1");
  assert.deepEqual(await counts(), [{ pending_jobs: 3, failed_jobs: 0, finished_at: null }]);
  assert.equal(await desk.value("select queue.retry_batch($1)", batch), "0");
  await assert.rejects(desk.value("select queue.retry_batch('none')"), { code: "HW404" });
});

test("limits and chains of a failed job are in force again", async () => {
  const { uuid, id } = await desk.dispatch({ limits: ["postmark"], chain: [{ task: "try/two" }] });
  await desk.fail(id);
  await desk.rows("update queue.queues set limited = false");
  await desk.value("select queue.retry($1)", uuid);
  const [{ flags }] = await desk.rows("select flags from graphile_worker._private_jobs");
  assert.deepEqual(flags, { "limit:postmark": true, chain: true });
  assert.equal(await desk.value("select limited from queue.queues where name = 'default'"), true);
});

test("failed jobs are flushed: all, of one queue, or from a certain age on", async () => {
  const hoursAgo = (hours: number) => ({
    failed_at: new Date(Date.now() - hours * 3_600_000).toISOString().slice(0, -1),
  });
  await failedRow({}, undefined, { queue: "mail", ...hoursAgo(5) });
  for (const hours of [0, 3, 30, 300]) await failedRow({}, undefined, hoursAgo(hours));
  assert.equal(await desk.value("select queue.flush(4, 'mail')"), "1");
  assert.equal(await desk.value("select queue.prune_failed(200)"), "1");
  assert.equal(await desk.value("select queue.prune_failed()"), "1");
  assert.equal(await desk.value("select queue.flush(2.5)"), "1");
  assert.equal(await desk.value("select queue.flush(2.5)"), "0");
  assert.equal(await desk.value("select queue.flush()"), "1");
  assert.deepEqual(
    (await desk.noted()).map(({ act }) => act),
    ["flush", "flush", "prune_failed", "prune_failed", "flush"],
  );
});

test("old batches are pruned: finished ones, and the others only when asked", async () => {
  const batch = (name: string, hours: number, finished: boolean, cancelled: boolean) =>
    desk.rows(
      `insert into laravel.job_batches (id, name, total_jobs, pending_jobs, failed_jobs, failed_job_ids, created_at, finished_at, cancelled_at)
       select $1, $1, 1, 1, 0, '[]', t, case when $3 then t end, case when $4 then t end
       from (select extract(epoch from now() - $2 * interval '1 hour')::int as t) s`,
      ...[name, hours, finished, cancelled],
    );
  await batch("finished", 30, true, false);
  await batch("fresh", 1, true, false);
  await batch("unfinished", 30, false, false);
  await batch("cancelled", 1, true, true);
  const left = async () =>
    (await desk.rows("select name from laravel.job_batches order by name")).map(({ name }) => name);
  assert.equal(await desk.value("select queue.prune_batches()"), "1");
  assert.deepEqual(await left(), ["cancelled", "fresh", "unfinished"]);
  assert.equal(await desk.value("select queue.prune_batches(24, unfinished => 24)"), "1");
  assert.equal(await desk.value("select queue.prune_batches(24, cancelled => 0.5)"), "1");
  assert.deepEqual(await left(), ["fresh"]);
});

test("clear takes what waits in a queue, leaves what runs, and tells the batch", async () => {
  const running = await desk.dispatch();
  await desk.take(running.id);
  const waiting = await desk.dispatch();
  await desk.dispatch({ delay: "1 hour" });
  const other = await desk.dispatch({ queue: "mail" });
  const batch = await desk.value("select queue.dispatch_batch($1)", JSON.stringify([{ task: "try/one" }]));
  assert.equal(await desk.value("select queue.clear('default')"), "3");
  assert.deepEqual(
    (await desk.rows(jobs)).map(({ id }) => id),
    [running.id, other.id],
  );
  assert.deepEqual(await desk.rows(outcomes, waiting.uuid), [{ outcome: "cancelled" }]);
  const [ended] = await desk.rows(
    "select failed_jobs, finished_at from laravel.job_batches where id = $1",
    batch,
  );
  assert.equal(ended.failed_jobs, 1);
  assert.ok(ended.finished_at);
  assert.equal(await desk.value("select queue.clear('default')"), "0");
  assert.equal((await desk.noted()).length, 1);
});

test("clear knows the name of a bare task, and refuses what it does not know", async () => {
  await desk.rows("select graphile_worker.add_job('try/two')");
  assert.equal(await desk.value("select queue.clear('try/two')"), "1");
  await assert.rejects(desk.value("select queue.clear('nobody')"), { code: "HW404" });
});

test("a queue is paused and resumed, and workers are told", async () => {
  await using workers = await listenTo(desk, "howdah_queue");
  const paused = (queue: string) => desk.value("select queue.is_paused($1)", queue);
  await desk.rows("select queue.pause('mail', 'Postmark is down')");
  await workers.heard("pause");
  assert.deepEqual([await paused("mail"), await paused("default")], [true, false]);
  assert.deepEqual(
    await desk.rows("select queue, reason, until, paused_by = session_user as mine from queue.pauses"),
    [{ queue: "mail", reason: "Postmark is down", until: null, mine: true }],
  );
  assert.equal(await desk.value("select queue.resume('mail')"), true);
  assert.equal(await desk.value("select queue.resume('mail')"), false);
  assert.equal(await paused("mail"), false);
  assert.deepEqual(
    (await desk.noted()).map(({ act, target }) => [act, target]),
    [
      ["resume", "mail"],
      ["pause", "mail"],
    ],
  );
});

test("a pause of all holds every queue, and a queue's own pause outlives it", async () => {
  const paused = (queue: string) => desk.value("select queue.is_paused($1)", queue);
  await desk.rows("select queue.pause()");
  await desk.rows("select queue.pause('mail')");
  assert.deepEqual(
    [await paused("mail"), await paused("default"), await paused("any/bare-task")],
    [true, true, true],
  );
  assert.equal(await desk.value("select queue.resume()"), true);
  assert.deepEqual([await paused("mail"), await paused("default")], [true, false]);
  await desk.value("select queue.resume('mail')");
});

test("a pause ends by itself", async () => {
  await desk.rows("select queue.pause('mail', lasting => '1 hour')");
  assert.equal(await desk.value("select queue.is_paused('mail')"), true);
  await desk.rows("update queue.pauses set until = now() - interval '1 second'");
  assert.equal(await desk.value("select queue.is_paused('mail')"), false);
  assert.equal(await desk.value("select queue.resume('mail')"), false);
  await desk.rows("select queue.pause('mail', until => now() + interval '1 minute')");
  assert.equal(await desk.value("select queue.resume('mail')"), true);
});

test("a pause of nothing, with two ends or of the past is refused", async () => {
  await assert.rejects(desk.rows("select queue.pause('nobody')"), { code: "HW404" });
  await assert.rejects(desk.rows("select queue.pause(null)"), { code: "HW404" });
  await assert.rejects(desk.rows("select queue.resume('nobody')"), { code: "HW404" });
  for (const end of [
    "until => '2020-01-01'",
    "lasting => '-1 hour'",
    "until => 'infinity', lasting => '1 hour'",
  ])
    await assert.rejects(desk.rows(`select queue.pause('mail', ${end})`), { code: "HW422" }, end);
});

test("a waiting job is cancelled at once, and its chain and batch are told", async () => {
  const { uuid, id } = await desk.dispatch({ chain_catch: { task: "try/two" } });
  assert.equal(await desk.value("select queue.cancel($1::bigint, 'not wanted')", id), "cancelled");
  assert.deepEqual(
    await desk.rows(
      "select outcome, error like '%: not wanted' as told from queue.attempts where uuid = $1",
      uuid,
    ),
    [{ outcome: "cancelled", told: true }],
  );
  const [caught] = await desk.rows("select payload::json from queue.jobs");
  assert.equal(caught.payload.data.failedJob, uuid);
  assert.deepEqual(await desk.rows("select from queue.failed_jobs"), []);
  assert.equal(await desk.value("select queue.cancel($1::bigint)", id), "unknown");
  assert.equal((await desk.noted()).length, 1);
});

test("a running job is asked to stop, and its worker is told", async () => {
  await using workers = await listenTo(desk, "howdah_queue");
  const { uuid, id } = await desk.dispatch();
  await desk.take(id);
  assert.equal(await desk.value("select queue.cancel($1::uuid, 'too slow')", uuid), "asked");
  await workers.heard(`cancel ${id}`);
  assert.deepEqual(await desk.rows("select job_id, reason from queue.cancellations"), [
    { job_id: id, reason: "too slow" },
  ]);
  assert.equal((await desk.rows(jobs)).length, 1);
  const outcome = await desk.value(
    "select queue.fail('web-1-default', $1, 1, $2, 'try/one', 5, 'aborted')",
    ...[id, uuid],
  );
  assert.equal(outcome, "cancelled");
  assert.deepEqual(await desk.rows("select from queue.cancellations"), []);
});

test("a task whose job is cancelled while it runs is told by its signal, and its job is over", async () => {
  const told = Promise.withResolvers<void>();
  const started = Promise.withResolvers<void>();
  const run = (_payload: object, { signal }: Job) =>
    new Promise((_resolve, reject) => {
      started.resolve();
      signal.addEventListener("abort", () => {
        told.resolve();
        reject(signal.reason);
      });
    });
  const tasks = new Map([["try/one", task({ payload: nothing, run })]]);
  await using worker = new Worker({ databaseUrl: desk.databaseUrl, tasks, schedule: false });
  await worker.start();
  const { uuid } = await desk.dispatch();
  await started.promise;
  assert.match(await desk.value("select queue.explain($1)", uuid), /^It is held by a worker on /);
  assert.equal(await desk.value("select queue.cancel($1, 'too slow')", uuid), "asked");
  await told.promise;
  await until(async () => (await desk.rows(jobs)).length === 0);
  assert.match(await desk.value("select queue.explain($1)", uuid), /^It was cancelled at .*: too slow$/);
  assert.deepEqual(await desk.rows("select from queue.failed_jobs"), []);
});

test("a job that a worker of Laravel runs cannot be asked to stop", async () => {
  const { id } = await desk.dispatch();
  await desk.take(id, "laravel");
  await assert.rejects(desk.value("select queue.cancel($1)", id), { code: "HW409" });
  assert.deepEqual(await desk.noted(), []);
});

test("a job is named by its id or its uuid, quoted or not", async () => {
  const one = await desk.dispatch();
  const two = await desk.dispatch();
  assert.equal(await desk.value(`select queue.cancel('${one.uuid}')`), "cancelled");
  assert.equal(await desk.value(`select queue.cancel(${two.id})`), "cancelled");
  assert.equal(await desk.value("select queue.cancel($1)", crypto.randomUUID()), "unknown");
  await assert.rejects(desk.value("select queue.cancel('mail')"), { code: "22P02" });
});

test("a job is found by its uuid, whatever else it or its neighbours hold", async () => {
  const add = (payload: string) =>
    desk.value("select id from graphile_worker.add_job('default', $1::json)", payload);
  const uuid = crypto.randomUUID();
  await add(JSON.stringify({ job: "try/one", uuid: crypto.randomUUID(), data: { about: uuid } }));
  assert.equal(await desk.value("select queue.job_id($1)", uuid), null);
  const id = await add(`{"job":"try/one","uuid":"${uuid}","data":{"command":"O:\\u0000x"}}`);
  assert.equal(await desk.value("select queue.job_id($1)", uuid), id);
  const bare = await add("[1]");
  assert.equal(await desk.value("select queue.job_id(queue.uuid_of($1, null))", bare), bare);
});

test("a delayed job is due at once, and one without attempts gets one more; a running one is left alone", async () => {
  await using workers = await listenTo(desk, "howdah_jobs");
  const { id } = await desk.dispatch({ queue: "mail", delay: "1 hour" });
  assert.equal(await desk.value("select queue.run_now($1)", id), true);
  await workers.heard("mail 1");
  const bare = await desk.value("select id from graphile_worker.add_job('try/two', run_at => '2100-01-01')");
  assert.equal(await desk.value("select queue.run_now($1)", bare), true);
  await workers.heard("default 1");
  assert.equal(
    await desk.value("select run_at <= now() from graphile_worker._private_jobs where id = $1", id),
    true,
  );
  await desk.rows("update graphile_worker._private_jobs set attempts = 4 where id = $1", id);
  await desk.value("select queue.run_now($1)", id);
  assert.equal(
    await desk.value("select is_available from graphile_worker._private_jobs where id = $1", id),
    true,
  );
  await desk.take(id);
  assert.equal(await desk.value("select queue.run_now($1)", id), false);
});

/** A row of laravel.failed_jobs as it may come from anywhere; returns its uuid. */
async function failedRow(
  envelope: object,
  raw: (text: string) => string = (text) => text,
  columns: { uuid?: string; queue?: string; exception?: string; failed_at?: string } = {},
): Promise<string> {
  const { uuid = crypto.randomUUID(), queue = "default", exception = "Error", failed_at = null } = columns;
  const payload = raw(
    JSON.stringify({ uuid, displayName: "try/one", job: "try/one", data: {}, ...envelope }),
  );
  await desk.rows(
    `insert into laravel.failed_jobs (uuid, connection, queue, payload, exception, failed_at)
     values ($1, 'database', $2, $3, $4, coalesce($5, now() at time zone 'utc'))`,
    ...[uuid, queue, payload, exception, failed_at],
  );
  return uuid;
}
