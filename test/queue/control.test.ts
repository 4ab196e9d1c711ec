import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import * as control from "#queue/control.ts";
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
    "queue.pauses",
    "queue.limits",
  ])
    await desk.rows(`delete from ${table}`);
});

const nobody = "00000000-0000-4000-8000-000000000000";
const later = { delay: "1 hour" };

test("a pause begins with its reason and its end, and is over after resume", async () => {
  const until = new Date(Date.now() + 60_000);
  await control.pause(desk.pool, "mail", { reason: "Postmark is down", until });
  assert.equal(await control.isPaused(desk.pool, "mail"), true);
  assert.equal(await control.isPaused(desk.pool, "default"), false);
  assert.deepEqual(await desk.rows("select queue, reason, until from queue.pauses"), [
    { queue: "mail", reason: "Postmark is down", until },
  ]);
  assert.equal(await control.resume(desk.pool, "mail"), true);
  assert.equal(await control.resume(desk.pool, "mail"), false);
  await control.pause(desk.pool, "*", { forSeconds: 60 });
  assert.equal(await control.isPaused(desk.pool, "default"), true);
});

test("a waiting job is cancelled by uuid or id, hurried by id, and cleared with its queue", async () => {
  const [one, two, three] = [
    await desk.dispatch(later),
    await desk.dispatch(later),
    await desk.dispatch(later),
  ];
  assert.equal(await control.cancel(desk.pool, one.uuid, "not wanted"), "cancelled");
  assert.equal(await control.cancel(desk.pool, one.uuid), "unknown");
  assert.equal(await control.cancel(desk.pool, two.id), "cancelled");
  assert.equal(await control.runNow(desk.pool, three.id), true);
  assert.equal(await control.runNow(desk.pool, two.id), false);
  assert.equal(await desk.value("select run_at <= now() from graphile_worker._private_jobs"), true);
  assert.equal(await control.clear(desk.pool, "default"), 1);
  assert.equal(await control.clear(desk.pool, "default"), 0);
});

test("failed jobs are retried one by one, by filter and all, forgotten and flushed", async () => {
  const uuids: string[] = [];
  for (let n = 0; n < 6; n++) {
    const { uuid, id } = await desk.dispatch({ tags: [`tag-${n}`], queue: n < 3 ? "default" : "mail" });
    await desk.fail(id);
    uuids.push(uuid);
  }
  assert.equal(await control.retry(desk.pool, uuids[0] ?? ""), true);
  assert.equal(await control.retry(desk.pool, nobody), false);
  assert.equal(await control.retryWhere(desk.pool, { tag: "tag-1", since: new Date(0), limit: 5 }), 1);
  await assert.rejects(control.retryWhere(desk.pool, {}), { code: "HW422" });
  assert.equal(await control.retryAll(desk.pool, "default"), 1);
  assert.equal(await control.forget(desk.pool, uuids[3] ?? ""), true);
  assert.equal(await control.forget(desk.pool, nobody), false);
  assert.equal(await control.flush(desk.pool, { hours: 1 }), 0);
  assert.equal(await control.flush(desk.pool, { queue: "mail" }), 2);
  assert.equal(await control.retryAll(desk.pool), 0);
  await assert.rejects(control.retryBatch(desk.pool, "nowhere"), { code: "HW404" });
});

test("queues are made and configured, keys limited and freed", async () => {
  await control.createQueue(desk.pool, "reports", { concurrency: 2, backoff: [1, 2], keep_failed: "2 days" });
  await control.configure(desk.pool, "reports", { rate: 10, served: false });
  const [row] = await desk.rows(
    "select concurrency, backoff, rate, served from queue.queues where name = 'reports'",
  );
  assert.deepEqual(row, { concurrency: 2, backoff: [1, 2], rate: 10, served: false });
  await assert.rejects(control.configure(desk.pool, "nowhere", {}), { code: "HW404" });

  await control.limit(desk.pool, "tenant:*", { rate: 5, rateSeconds: 60, breakerFailures: 3 });
  const [limit] = await desk.rows("select * from queue.limits");
  assert.deepEqual(
    [
      limit.key,
      limit.rate,
      limit.rate_seconds,
      limit.concurrency,
      limit.breaker_failures,
      limit.breaker_seconds,
    ],
    ["tenant:*", 5, 60, null, 3, 60],
  );
  assert.equal(await control.unlimit(desk.pool, "tenant:*"), true);
  assert.equal(await control.unlimit(desk.pool, "tenant:*"), false);
});
