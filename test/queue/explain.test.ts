import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { type Desk, openDesk } from "./desk.ts";

let desk: Desk;
before(async () => {
  desk = await openDesk();
});
after(() => desk[Symbol.asyncDispose]());
afterEach(async () => {
  for (const table of ["graphile_worker._private_jobs", "laravel.failed_jobs", "laravel.job_batches"])
    await desk.rows(`delete from ${table}`);
  for (const table of ["pauses", "processes", "limits", "limit_states", "holds", "progress", "cancellations"])
    await desk.rows(`delete from queue.${table}`);
});

test("nothing stands in the way of a job that a live worker is about to take", async () => {
  await desk.enter();
  const { id } = await desk.dispatch();
  assert.equal(await explain(id), "Nothing stands in its way, and it should start at once.");
});

test("it is asked by id or uuid, quoted or not", async () => {
  const { id, uuid } = await desk.dispatch();
  const sentence = await explain(id);
  for (const text of [`${id}`, `'${id}'`, `'${uuid}'`, `'${uuid}'::uuid`])
    assert.equal(await desk.value(`select queue.explain(${text})`), sentence);
});

test("held: by whom, since when, which attempt, how far", async () => {
  await desk.enter();
  const { id, uuid } = await desk.dispatch();
  await desk.take(id);
  assert.match(
    await explain(id),
    /^It is held by a worker on web-1 \(process 123, heard of 0\.0 s ago\) since \S+ \S+ UTC \(\S+ s\), attempt 1 of 4\.$/,
  );
  await desk.rows("select queue.report_progress($1, 45.5, 'page 9')", uuid);
  assert.match(await explain(id), /attempt 1 of 4, 45\.5 % done \(page 9\)\.$/);
  await desk.value("select queue.cancel($1)", id);
  assert.match(await explain(id), /, and was asked by \S+ to stop \S+ s ago\.$/);
});

test("held by a worker that is silent: whether somebody is there to rescue it", async () => {
  await desk.enter();
  const { id } = await desk.dispatch();
  await desk.take(id);
  await desk.rows("update queue.processes set beat_at = now() - interval '5 minutes'");
  assert.match(
    await explain(id),
    /^It is held by a worker on web-1 \(process 123\) that was last heard of 5 min ago and is taken for dead: no other worker is alive to give the job back, so start one\.$/,
  );
  await desk.enter({ hostname: "web-2" });
  assert.match(await explain(id), /: the others are about to give the job back\.$/);
  await desk.rows(
    "update queue.processes set beat_at = now() - interval '20 seconds' where hostname = 'web-1'",
  );
  const client = await desk.pool.connect();
  await client.query(
    "select pg_advisory_lock(queue.lock_class(), number) from queue.processes where hostname = 'web-1'",
  );
  assert.match(
    await explain(id),
    /^It is held by a worker on web-1 \(process 123, heard of 20 s ago\) since/,
  );
  client.release(true);
});

test("held by a stranger", async () => {
  const { id } = await desk.dispatch();
  await desk.take(id, "laravel");
  assert.match(await explain(id), /^It is held by a worker of Laravel since .* UTC \(.*\)\.$/);
  await desk.rows("update graphile_worker._private_jobs set locked_by = 'someone'");
  assert.match(
    await explain(id),
    /^It is held by "someone", which is no worker of ours, since .* UTC \(.*\)\.$/,
  );
});

test("paused: its queue or all, by whom, until when, why", async () => {
  await desk.enter();
  const { id } = await desk.dispatch({ queue: "mail" });
  await desk.rows("select queue.pause('default')");
  assert.match(await explain(id), /^Nothing/);
  const bare = await desk.value("select id from graphile_worker.add_job('try/two')");
  assert.match(await explain(bare), /^Its queue default is paused/);
  await desk.rows("select queue.pause(reason => 'moving house', until => '2100-01-01T00:00:00Z')");
  const user = await desk.value("select session_user");
  const all = new RegExp(
    `^All queues are paused since \\S+ \\S+ UTC by ${user} until 2100-01-01 00:00:00 UTC \\("moving house"\\)\\.$`,
  );
  assert.match(await explain(id), all);
  await desk.rows("select queue.pause('mail')");
  assert.match(await explain(id), new RegExp(`^Its queue mail is paused since \\S+ \\S+ UTC by ${user}\\.$`));
});

test("unserved: no worker, none for its queue, or left to Laravel", async () => {
  const { id } = await desk.dispatch({ queue: "mail" });
  assert.match(await explain(id), /^No worker is alive/);
  await desk.enter({ queues: ["default"] });
  assert.match(await explain(id), /^No live worker serves its queue mail/);
  const bare = await desk.value("select id from graphile_worker.add_job('try/two')");
  assert.match(await explain(bare), /^Nothing/);
  await desk.enter({ hostname: "web-2", queues: ["mail"] });
  assert.match(await explain(id), /^Nothing/);
  await desk.rows(`select queue.configure('mail', '{"served": false}')`);
  assert.equal(await explain(id), "Its queue mail is left to Laravel's workers.");
  const limited = await desk.dispatch({ queue: "mail", limits: ["postmark"] });
  assert.equal(
    await explain(limited.id),
    "Its queue mail is left to Laravel's workers, which get no job with limits, a chain or a batch of ours.",
  );
  await desk.rows(`select queue.configure('mail', '{"served": true}')`);
});

test("unknown: no live worker has the task, by its name, an alias, or as the name of a bare job", async () => {
  await desk.enter({ tasks: ["try/two"] });
  const { id } = await desk.dispatch();
  assert.match(
    await explain(id),
    /^No live worker knows its task try\/one, so that it will fail as soon as one takes it\.$/,
  );
  const add = async (identifier: string, payload: object) => {
    await desk.rows("delete from graphile_worker._private_jobs");
    return desk.value("select id from graphile_worker.add_job($1, $2)", identifier, payload);
  };
  assert.match(await explain(await add("mail", { job: "try/second", data: {} })), /^Nothing/);
  assert.match(await explain(await add("mail", { job: "try/two@handle", data: {} })), /^Nothing/);
  assert.match(await explain(await add("try/two", {})), /^Nothing/);
  assert.match(await explain(await add("try/three", {})), /^No live worker knows its task try\/three\.$/);
  const php = {
    job: "Illuminate\\Queue\\CallQueuedHandler@call",
    data: { commandName: "App\\Jobs\\Remind" },
  };
  assert.match(await explain(await add("mail", php)), /^No live worker knows its task App\\Jobs\\Remind/);
});

test("delayed: due when", async () => {
  await desk.enter();
  const { id } = await desk.dispatch({ delay: "1 hour" });
  assert.match(await explain(id), /^It is due at \S+ \S+ UTC \(in 60 min\)\.$/);
});

test("a retry: until when, which attempt failed, with which first line", async () => {
  await desk.enter();
  const { id, uuid } = await desk.dispatch({ backoff: "30" });
  await desk.take(id);
  await desk.rows(
    "select queue.fail('web-1-default', $1, 1, $2, 'try/one', 5, $3)",
    ...[id, uuid, "Error: no answer\n    at send (mail.ts:3)"],
  );
  assert.match(
    await explain(id),
    /^It waits for its next attempt until \S+ \S+ UTC \(in \d+ s\), as attempt 1 of 4 failed with "Error: no answer"\.$/,
  );
});

test("snoozed: until when", async () => {
  await desk.enter();
  const { id, uuid } = await desk.dispatch();
  await desk.take(id);
  await desk.rows("select queue.snooze('web-1-default', $1, 1, $2, 'try/one', 5, 90)", id, uuid);
  assert.match(await explain(id), /^It put itself off until \S+ \S+ UTC \(in \d+ s\)\.$/);
});

test("its rate: of its key, and of its queue", async () => {
  await desk.enter();
  await desk.rows(`select queue.limit('tenant:*', rate => 10, rate_seconds => 3600)`);
  await desk.rows(`select queue.configure('mail', '{"rate": 5, "rate_seconds": 60}')`);
  const { id } = await desk.dispatch({ limits: ["tenant:1"], queue: "mail" });
  assert.match(await explain(id), /^Nothing/);
  await desk.rows("insert into queue.limit_states (key, tokens) values ('tenant:1', 0)");
  assert.match(
    await explain(id),
    /^Tenant:1 has used up its rate of 10 per 60 min until \S+ \S+ UTC \(in [56] min\)\.$/,
  );
  await desk.rows("update queue.limit_states set tokens = 1");
  assert.match(await explain(id), /^Nothing/);
  await desk.rows("insert into queue.limit_states (key, tokens) values ('queue:mail', 0)");
  assert.match(await explain(id), /^Its queue mail has used up its rate of 5 per 60 s\.$/);
  await desk.rows(`select queue.configure('mail', '{"rate": null}')`);
});

test("its concurrency: all places of its key are taken, by which jobs", async () => {
  await desk.enter();
  await desk.rows("select queue.limit('scan', concurrency => 2)");
  const { id } = await desk.dispatch({ limits: ["scan"] });
  const holders = [await begin(["scan"]), await begin(["scan"])];
  assert.equal(await explain(id), `All 2 places of scan are taken, by jobs ${holders.join(", ")}.`);
  await desk.rows("select queue.free_keys($1)", [holders[0]]);
  assert.match(await explain(id), /^Nothing/);
});

test("its circuit breaker: open until when, or waiting for which probe", async () => {
  await desk.enter();
  await desk.rows("select queue.limit('postmark', breaker_failures => 1, breaker_cooldown_seconds => 60)");
  const { id } = await desk.dispatch({ limits: ["postmark"] });
  const broken = await begin(["postmark"]);
  await desk.rows(
    "select queue.breaker_failed(j) from graphile_worker._private_jobs j where j.id = $1",
    broken,
  );
  await desk.rows("delete from queue.holds");
  assert.match(
    await explain(id),
    /^The circuit breaker of postmark is open since \S+ \S+ UTC and lets one job try at \S+ \S+ UTC \(in \d+ s\)\.$/,
  );
  await desk.rows("update queue.limit_states set opened_at = now() - interval '2 minutes'");
  assert.match(await explain(id), /^Nothing/);
  const probe = await begin(["postmark"]);
  assert.equal(
    await explain(id),
    `The circuit breaker of postmark is half-open and waits for what job ${probe}, its probe, comes to.`,
  );
});

test("its lane: taken by another job", async () => {
  await desk.enter();
  const add = () =>
    desk.value("select id from graphile_worker.add_job('try/two', queue_name => 'one-by-one')");
  const id = await add();
  assert.match(await explain(id), /^Nothing/);
  await desk.rows("update graphile_worker._private_job_queues set locked_at = now(), locked_by = 'x'");
  assert.match(await explain(id), /^Its lane "one-by-one" is taken by another job since \S+ \S+ UTC\.$/);
});

test("no attempts left: how to go on", async () => {
  await desk.enter();
  const { id } = await desk.dispatch();
  await desk.rows("update graphile_worker._private_jobs set attempts = max_attempts where id = $1", id);
  assert.equal(
    await explain(id),
    `It has no attempts left (4 of 4), so that no worker takes it: queue.run_now(${id}) gives it one more, queue.cancel(${id}) deletes it.`,
  );
  await desk.value("select queue.run_now($1)", id);
  assert.match(await explain(id), /^Nothing/);
});

test("its batch was cancelled", async () => {
  await desk.enter();
  const batch = await desk.value("select queue.dispatch_batch($1)", JSON.stringify([{ task: "try/one" }]));
  const id = await desk.value("select id from queue.jobs");
  assert.match(await explain(id), /^Nothing/);
  await desk.value("select queue.cancel_batch($1)", batch);
  assert.match(
    await explain(id),
    new RegExp(`^Its batch ${batch} was cancelled at \\S+ \\S+ UTC, so it will be skipped\\.$`),
  );
});

test("others are before it, by priority or by time", async () => {
  await desk.enter();
  await desk.take((await desk.dispatch()).id);
  const { id } = await desk.dispatch();
  assert.match(await explain(id), /^Nothing/);
  await desk.dispatch({ priority: -1 });
  await desk.dispatch({ priority: 1 });
  await desk.dispatch({ queue: "mail" });
  assert.equal(await explain(id), "1 job is before it in default, while 1 runs.");
  await desk.dispatch({ run_at: new Date(Date.now() - 60_000) });
  assert.equal(await explain(id), "2 jobs are before it in default, while 1 runs.");
});

test("it is the next, and all slots are taken: of its queue, or of the process", async () => {
  await desk.rows(`select queue.configure('mail', '{"concurrency": 2}')`);
  await desk.enter({ slots: 3 });
  const { id } = await desk.dispatch({ queue: "mail" });
  const taken = "It is the next of mail, but the slots of its workers (1) are all taken.";
  for (const _ of [1, 2]) await desk.take((await desk.dispatch({ queue: "mail" })).id, "web-1-mail");
  assert.equal(await explain(id), taken);
  await desk.rows(
    "update graphile_worker._private_jobs set locked_by = 'web-1-default' where locked_by is not null",
  );
  assert.match(await explain(id), /^Nothing/);
  await desk.take((await desk.dispatch()).id);
  assert.equal(await explain(id), taken);
});

test("several reasons are all told, and what follows in its chain", async () => {
  await desk.rows("select queue.pause('mail')");
  const { id } = await desk.dispatch({
    ...{ queue: "mail", delay: "1 hour" },
    chain: [{ task: "try/two" }, { task: "try/one" }, { task: "try/two" }],
  });
  assert.match(
    await explain(id),
    /^Its queue mail is paused .*; besides, no worker is alive.*; besides, it is due at .*; when it has succeeded, its chain goes on with try\/two and 2 more\.$/,
  );
});

test("a payload that is anything at all is explained too", async () => {
  await desk.enter();
  for (const payload of [
    '"a\\u0000b"',
    "7",
    '{"job":"try/one","batchId":{},"chain":7,"data":[]}',
    '{"job":"a\\u0000b"}',
  ])
    assert.match(
      await explain(await desk.value("select id from graphile_worker.add_job('default', $1::json)", payload)),
      /\.$/,
    );
});

test("a job that has ended: how, and what can be done", async () => {
  await desk.enter();
  const done = await desk.dispatch();
  await desk.take(done.id);
  await desk.rows(
    "select queue.complete_many('web-1-default', 'default', array[$1::bigint], array[1], array[$2::uuid], array['try/one'], array[12.4])",
    ...[done.id, done.uuid],
  );
  assert.match(
    await explain(done.uuid),
    /^It completed at \S+ \S+ UTC, attempt 1 of try\/one, after 12 ms\.$/,
  );
  assert.match(await explain(done.id), /^There is no job \d+: it ended or never was/);

  const failed = await desk.dispatch();
  await desk.fail(failed.id);
  assert.match(
    await explain(failed.uuid),
    new RegExp(
      `^It failed for good at .* with "Error: it broke": select queue\\.retry\\('${failed.uuid}'\\) runs it again\\.$`,
    ),
  );
  await desk.value("select queue.forget($1)", failed.uuid);
  assert.match(
    await explain(failed.uuid),
    /^It failed for good at .* was deleted from the failed jobs since\.$/,
  );

  const cancelled = await desk.dispatch();
  await desk.value("select queue.cancel($1, 'not wanted')", cancelled.id);
  assert.match(await explain(cancelled.uuid), /^It was cancelled at \S+ \S+ UTC by \S+: not wanted$/);

  const stolen = await desk.dispatch();
  await desk.take(stolen.id);
  await desk.rows(
    "select queue.snooze('web-1-default', $1, 1, $2, 'try/one', 5, 90)",
    stolen.id,
    stolen.uuid,
  );
  await desk.rows("delete from graphile_worker._private_jobs where id = $1", stolen.id);
  assert.match(
    await explain(stolen.uuid),
    /^It was deleted by somebody: its last attempt \(1\) ended at .*, snoozed\.$/,
  );
});

test("a bare job that has ended is known by its id; what never was, by nothing", async () => {
  const id = await desk.value("select id from graphile_worker.add_job('try/two')");
  await desk.value("select queue.cancel($1::bigint)", id);
  assert.match(await explain(id), /^It was cancelled at /);
  assert.match(await explain(crypto.randomUUID()), /^No job \S+ is known/);
});

function explain(job: string): Promise<string> {
  return desk.value("select queue.explain($1)", job);
}

/** A job of these keys begins, as a worker begins it; returns its id. */
async function begin(keys: string[]): Promise<string> {
  const { id } = await desk.dispatch({ limits: keys });
  await desk.take(id);
  const verdict = await desk.value("select queue.begin_job('web-1-default', $1, $2, null)", id, keys);
  assert.equal(verdict, "go");
  return id;
}
