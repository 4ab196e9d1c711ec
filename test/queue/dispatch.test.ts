import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import * as v from "valibot";
import { declareQueue } from "#queue/declare.ts";
import { dispatch, dispatchChain, dispatchMany } from "#queue/dispatch.ts";
import { nothing, task } from "#queue/task.ts";
import { type Ground, inTransaction, openGround, tasksOf } from "./support.ts";

declare global {
  namespace GraphileWorker {
    interface Tasks {
      "try/greet": { name: string };
    }
  }
}

const run = async () => {};
const tasks = tasksOf({
  "try/plain": task({ payload: nothing, run }),
  "try/greet": task({ payload: v.object({ name: v.string(), nick: v.optional(v.string()) }), run }),
  "try/tuned": task({
    payload: nothing,
    run,
    queue: "mail",
    tries: 7,
    maxExceptions: 2,
    backoff: [1, 2],
    timeout: 9,
    failOnTimeout: true,
    priority: 3,
    limits: ["tuned"],
    tags: ["a"],
    uniqueUntil: "started",
  }),
});

let ground: Ground;
before(async () => {
  ground = await openGround();
  await declareQueue(ground.pool, tasks);
});
after(() => ground?.[Symbol.asyncDispose]());

test("a job that asks for nothing has the settings of its queue", async () => {
  const uuid = await ground.value("select queue.dispatch('try/plain')");
  const job = await ground.job(uuid);
  const { createdAt, ...envelope } = job?.payload ?? {};
  assert.deepEqual(envelope, {
    ...{ uuid, displayName: "try/plain", job: "try/plain", maxTries: 4, data: {} },
  });
  assert.ok(Math.abs(createdAt - Date.now() / 1000) < 60);
  assert.equal(job?.queue, "default");
  assert.equal(job?.max_attempts, 4);
  assert.equal(job?.priority, 0);
  assert.equal(job?.attempts, 0);
  assert.equal(job?.flags, null);
  assert.equal(job?.key, null);
  assert.ok(Math.abs(Date.now() - Number(job?.run_at)) < 60_000);
});

test("a task's own options go before those of its queue, and the job's before both", async () => {
  const uuid = await ground.value("select queue.dispatch('try/tuned', unique_key => 'k')");
  const tuned = await ground.job(uuid);
  const { createdAt, ...envelope } = tuned?.payload ?? {};
  assert.deepEqual(envelope, {
    ...{ uuid, displayName: "try/tuned", job: "try/tuned", data: {}, maxTries: 7, maxExceptions: 2 },
    ...{ backoff: "1,2", timeout: 9, failOnTimeout: true, priority: 3, limits: ["tuned"], tags: ["a"] },
    uniqueUntil: "started",
  });
  assert.equal(tuned?.queue, "mail");
  assert.equal(tuned?.max_attempts, 7);
  assert.equal(tuned?.priority, 3);
  assert.deepEqual(tuned?.flags, { "limit:tuned": true });

  const own = await ground.job(
    await ground.value(`
      select queue.dispatch('try/tuned', '{"n": 1}', queue => 'bulk', priority => -5, tries => 2, max_exceptions => 1,
        backoff => '[7, 8]', timeout => 0, fail_on_timeout => false, retry_until => now() + interval '1 hour',
        unique_key => 'own', unique_until => 'done', limits => '{x,y}', tags => '{b,c}')`),
  );
  assert.equal(own?.queue, "bulk");
  assert.equal(own?.priority, -5);
  assert.equal(own?.max_attempts, 32767, "the time ends it, not the count");
  assert.equal(own?.key, "try/tuned:own");
  assert.deepEqual(own?.flags, { "limit:x": true, "limit:y": true });
  const { data, maxTries, maxExceptions, backoff, timeout, failOnTimeout, uniqueUntil, limits, tags } =
    own?.payload ?? {};
  assert.deepEqual(
    { data, maxTries, maxExceptions, backoff, timeout, failOnTimeout, uniqueUntil, limits, tags },
    {
      ...{ data: { n: 1 }, maxTries: 2, maxExceptions: 1, backoff: "7,8", timeout: 0, failOnTimeout: false },
      ...{ uniqueUntil: undefined, limits: ["x", "y"], tags: ["b", "c"] },
    },
  );
  assert.ok(Math.abs(own?.payload.retryUntil - Date.now() / 1000 - 3600) < 60);
});

test("tries 0 is without end", async () => {
  const job = await ground.job(await ground.dispatch("try/plain", {}, { tries: 0 }));
  assert.equal(job?.max_attempts, 32767);
  assert.equal(job?.payload.maxTries, 0);
});

test("a delay counts from now, a moment is a moment, and only what is due wakes workers", async () => {
  const delayed = await ground.job(
    await ground.value("select queue.dispatch('try/plain', delay => interval '1 hour')"),
  );
  assert.ok(Math.abs(Number(delayed?.run_at) - Date.now() - 3_600_000) < 60_000);
  const at = new Date("2035-01-01T00:00:00Z");
  const dated = await ground.job(await ground.value("select queue.dispatch('try/plain', run_at => $1)", at));
  assert.deepEqual(dated?.run_at, at);
});

test("what is in the payload arrives as it was given, nulls and all", async () => {
  const payload = { name: "Ada", none: null, list: [null, 1], deep: { nothing: null } };
  const job = await ground.job(await ground.dispatch("try/plain", payload));
  assert.deepEqual(job?.payload.data, payload);
});

test("a dispatch that is rolled back leaves nothing, its committed twin a job", async () => {
  let uuid = "";
  const dispatchIt = async (client: { query(text: string): Promise<{ rows: { uuid: string }[] }> }) => {
    const { rows } = await client.query("select queue.dispatch('try/plain') as uuid");
    uuid = rows[0]?.uuid ?? "";
  };
  await inTransaction(ground.pool, "rollback", dispatchIt);
  assert.equal(await ground.job(uuid), undefined);
  await inTransaction(ground.pool, "commit", dispatchIt);
  assert.equal((await ground.job(uuid))?.payload.job, "try/plain");
});

test("a trigger dispatches in the transaction of its cause", async () => {
  await ground.rows(`
    create table public.orders (id int primary key);
    create function public.order_came() returns trigger language plpgsql as $$
    begin
      perform queue.dispatch('try/greet', jsonb_build_object('name', 'order ' || new.id));
      return new;
    end $$;
    create trigger order_came after insert on public.orders for each row execute function public.order_came()`);
  const named = () => ground.value(`${count} where payload -> 'data' ->> 'name' like 'order %'`);
  await inTransaction(ground.pool, "rollback", (client) =>
    client.query("insert into public.orders values (1)"),
  );
  assert.equal(await named(), 0);
  await ground.rows("insert into public.orders values (2), (3)");
  assert.equal(await named(), 2);
});

test("ten thousand jobs in one call: their uuids in order, null where a unique one was there", async () => {
  await ground.dispatch("try/plain", {}, { unique_key: "taken" });
  const jobs = Array.from({ length: 10_000 }, (_, n) => ({
    task: "try/plain",
    payload: { n },
    ...(n === 4321 ? { unique_key: "taken" } : {}),
    ...(n === 7000 || n === 7001 ? { unique_key: "twice" } : {}),
  }));
  const uuids: (string | null)[] = await ground.value("select queue.dispatch_many($1)", JSON.stringify(jobs));
  assert.equal(uuids.length, 10_000);
  assert.deepEqual(
    uuids.flatMap((uuid, n) => (uuid === null ? [n] : [])),
    [4321, 7001],
  );
  for (const n of [0, 1, 4320, 4322, 7000, 9999])
    assert.equal((await ground.job(uuids[n] ?? ""))?.payload.data.n, n);
  const waiting = await ground.value(`
    select array_agg((payload -> 'data' ->> 'n')::int order by run_at, id) from graphile_worker._private_jobs
    where payload -> 'data' ->> 'n' is not null and key is null`);
  assert.deepEqual(
    waiting,
    jobs.flatMap(({ payload, unique_key }) => (unique_key ? [] : [payload.n])),
    "they are fetched in their order",
  );
});

test("all or none: one bad job refuses its neighbours in the same call", async () => {
  const jobs = (bad: string) => JSON.stringify([{ task: "try/plain" }, { task: bad }]);
  const before = await ground.value(count);
  await assert.rejects(ground.value("select queue.dispatch_many($1)", jobs("try/nobody")), { code: "HW422" });
  assert.equal(await ground.value(count), before);
  assert.equal((await ground.value("select queue.dispatch_many($1)", jobs("try/plain"))).length, 2);
  assert.equal(await ground.value(count), before + 2);
  assert.deepEqual(await ground.value("select queue.dispatch_many('[]')"), []);
});

test("a unique job is dispatched once while it is there, whoever asks at the same moment", async () => {
  const uuids = await Promise.all(
    Array.from({ length: 8 }, () => ground.dispatch("try/plain", {}, { unique_key: "one" })),
  );
  assert.equal(uuids.filter((uuid) => uuid !== null).length, 1);
  assert.ok(await ground.dispatch("try/plain", {}, { unique_key: "another" }), "another key is free");
  assert.ok(
    await ground.dispatch("try/greet", { name: "x" }, { unique_key: "one" }),
    "and so is another task's",
  );
  await ground.rows("delete from graphile_worker._private_jobs where key = 'try/plain:one'");
  assert.ok(await ground.dispatch("try/plain", {}, { unique_key: "one" }), "free again when it has gone");
});

test("a job may be unique for a time, done or not", async () => {
  const unique = { unique_key: "hourly", unique_for: "1 hour" };
  const uuid = await ground.dispatch("try/plain", {}, unique);
  await ground.rows("delete from graphile_worker._private_jobs where id = queue.job_id($1)", uuid);
  assert.equal(await ground.dispatch("try/plain", {}, unique), null, "it is done, the hour is not");
  await ground.rows("update queue.unique_windows set until = now() where key = 'try/plain:hourly'");
  assert.ok(await ground.dispatch("try/plain", {}, unique));
});

test("of debounced dispatches the last one wins, and waits its time anew", async () => {
  const debounced = (n: number, seconds: number, most?: number) =>
    ground.dispatch("try/plain", { n }, { unique_key: "type", debounce: seconds, debounce_max: most });
  const first = await debounced(1, 100);
  assert.equal(await debounced(2, 1000), first, "the same job");
  const job = await ground.job(first);
  assert.deepEqual(job?.payload.data, { n: 2 });
  assert.ok(Math.abs(Number(job?.run_at) - Date.now() - 1_000_000) < 60_000);
  await debounced(3, 1000, 500);
  assert.ok(Number((await ground.job(first))?.run_at) - Date.now() < 501_000, "no later than the most");

  await ground.rows(
    "update graphile_worker._private_jobs set locked_at = now(), locked_by = 'w', attempts = 1 where id = queue.job_id($1)",
    first,
  );
  const next = await debounced(4, 100);
  assert.notEqual(next, first, "what runs already is not changed: another follows it");
  assert.deepEqual((await ground.job(first))?.payload.data, { n: 3 });
});

test("TypeScript knows which payload a task takes", async () => {
  assert.match((await dispatch(ground.pool, "queue/prune", {})) ?? "", /^[0-9a-f-]{36}$/);
  assert.ok(await dispatch(ground.pool, "try/greet", { name: "Ada" }));
  // @ts-expect-error a number is no name
  await assert.rejects(dispatch(ground.pool, "try/greet", {}), /lacks name/);
  // @ts-expect-error there is no such task
  await assert.rejects(dispatch(ground.pool, "try/nobody", {}), { code: "HW422" });
  // @ts-expect-error a wrong payload within a list
  const wrong: Parameters<typeof dispatchMany>[1] = [{ task: "try/greet", payload: { nam: "Ada" } }];
  await assert.rejects(dispatchMany(ground.pool, wrong), /lacks name/);
});

test("every option can be given from TypeScript", async () => {
  const uuid = await dispatch(
    ground.pool,
    "try/greet",
    { name: "Ada" },
    {
      ...{ queue: "bulk", delay: 60, priority: 2, tries: 3, maxExceptions: 2, backoff: [1, 2], timeout: 5 },
      ...{ failOnTimeout: true, retryUntil: new Date("2035-01-01T00:00:00Z"), limits: ["l"], tags: ["t"] },
      unique: { key: "u", until: "started" },
    },
  );
  const job = await ground.job(uuid ?? "");
  const { createdAt, ...envelope } = job?.payload ?? {};
  assert.deepEqual(envelope, {
    ...{ uuid, displayName: "try/greet", job: "try/greet", data: { name: "Ada" }, maxTries: 3 },
    ...{ maxExceptions: 2, backoff: "1,2", timeout: 5, failOnTimeout: true, priority: 2, limits: ["l"] },
    ...{ tags: ["t"], uniqueUntil: "started", retryUntil: Date.parse("2035-01-01T00:00:00Z") / 1000 },
  });
  assert.equal(job?.queue, "bulk");
  assert.equal(job?.key, "try/greet:u");
  assert.ok(Math.abs(Number(job?.run_at) - Date.now() - 60_000) < 30_000);

  const again = { unique: { key: "w", forSeconds: 60 } };
  assert.ok(await dispatch(ground.pool, "queue/prune", {}, again));
  assert.equal(await dispatch(ground.pool, "queue/prune", {}, again), null);
  const at = new Date("2036-01-01T00:00:00Z");
  const dated = await dispatch(ground.pool, "queue/prune", {}, { at });
  assert.deepEqual((await ground.job(dated ?? ""))?.run_at, at);
  const debounce = { key: "d", seconds: 60, maxSeconds: 90 };
  const debounced = await dispatch(ground.pool, "queue/prune", {}, { debounce });
  assert.equal(await dispatch(ground.pool, "queue/prune", {}, { debounce }), debounced);
});

test("with a client, a dispatch belongs to the client's transaction", async () => {
  let uuid: string | null = null;
  await inTransaction(ground.pool, "rollback", async (client) => {
    uuid = await dispatch(client, "queue/prune", {});
    assert.ok(uuid);
  });
  assert.equal(await ground.job(uuid ?? ""), undefined);
  await inTransaction(ground.pool, "commit", async (client) => {
    uuid = await dispatch(client, "queue/prune", {});
  });
  assert.ok(await ground.job(uuid ?? ""));
});

test("dispatches of one moment share a statement, and a bad one is refused alone", async () => {
  const before = await ground.value("select count(*)::int from graphile_worker._private_jobs");
  const names = Array.from({ length: 300 }, (_, n) => `guest ${n}`);
  const outcomes = await Promise.allSettled(
    names.map((name, n) =>
      dispatch(ground.pool, "try/greet", (n === 150 ? { nam: name } : { name }) as { name: string }),
    ),
  );
  const refused = outcomes.flatMap((outcome, n) =>
    outcome.status === "rejected" ? [{ n, ...outcome }] : [],
  );
  assert.deepEqual(
    refused.map(({ n }) => n),
    [150],
  );
  assert.match(String(refused[0]?.reason), /try\/greet lacks name/);
  assert.equal(
    await ground.value("select count(*)::int from graphile_worker._private_jobs"),
    before + 299,
    "each of the others once",
  );
  const last = outcomes[299] as PromiseFulfilledResult<string>;
  assert.equal((await ground.job(last.value))?.payload.data.name, "guest 299");
});

test("a chain waits behind its first job", async () => {
  const uuid = await dispatchChain(
    ground.pool,
    [
      { task: "try/greet", payload: { name: "first" } },
      { task: "try/greet", payload: { name: "second" }, queue: "bulk" },
    ],
    { task: "queue/prune", payload: {} },
  );
  const job = await ground.job(uuid ?? "");
  assert.deepEqual(job?.flags, { chain: true });
  assert.deepEqual(job?.payload.chain, [{ task: "try/greet", payload: { name: "second" }, queue: "bulk" }]);
  assert.deepEqual(job?.payload.chainCatch, { task: "queue/prune", payload: {} });
  await assert.rejects(dispatchChain(ground.pool, []), { code: "HW422" });
});

const count = "select count(*)::int from graphile_worker._private_jobs";
