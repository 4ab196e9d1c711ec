import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, test } from "node:test";
import * as v from "valibot";
import { dispatch, dispatchChain } from "#queue/dispatch.ts";
import { configureEncryption } from "#queue/encryption.ts";
import { Fail } from "#queue/errors.ts";
import { task } from "#queue/task.ts";
import type { Worker } from "#queue/worker.ts";
import { until } from "../support/wait.ts";
import {
  doing,
  type Ears,
  type Ground,
  inTransaction,
  openEars,
  openGate,
  openGround,
  startWorker,
  tasksOf,
} from "./support.ts";

declare global {
  namespace GraphileWorker {
    interface Tasks {
      "try/record": Record<string, unknown>;
      "try/secret": { word: string };
    }
  }
}

const ran: { task: string; payload: unknown }[] = [];
let gate = openGate();
const record = doing((payload, { task: name }) => void ran.push({ task: name, payload }));
const tasks = tasksOf({
  "try/record": record,
  "try/secret": task({
    payload: v.object({ word: v.string() }),
    run: async (payload) => void ran.push({ task: "try/secret", payload }),
  }),
  "try/refuse": doing(() => {
    throw new Fail("this can never work");
  }),
  "try/break": doing(() => {
    throw new Error("it broke");
  }),
  "try/wait": doing(() => gate.passed),
});

let ground: Ground;
let ears: Ears;
let worker: Worker;
before(async () => {
  ground = await openGround();
  ears = openEars();
  configureEncryption("a secret of the tests");
  worker = await startWorker(ground, tasks);
});
after(async () => {
  await worker?.[Symbol.asyncDispose]();
  await ground?.[Symbol.asyncDispose]();
});

test("a dispatched job runs with its payload and leaves nothing but its history", async () => {
  const uuid = await ground.value("select queue.dispatch('try/record', '{\"n\": 1}')");
  assert.equal((await ears.ended(uuid)).event, "job:completed");
  assert.deepEqual(ran.at(-1), { task: "try/record", payload: { n: 1 } });
  assert.deepEqual(await ground.rows("select * from graphile_worker._private_jobs"), []);
  assert.equal((await ground.attempts(uuid)).length, 1);
});

test("a job starts at once when its transaction commits, and never when it is rolled back", async () => {
  await inTransaction(ground.pool, "rollback", (client) => dispatch(client, "try/record", { n: 2 }));
  let uuid: string | null = null;
  await inTransaction(ground.pool, "commit", async (client) => {
    uuid = await dispatch(client, "try/record", { n: 3 });
  });
  await ears.ended(uuid ?? "");
  assert.deepEqual(
    ran.map(({ payload }) => (payload as { n: number }).n).filter((n) => n === 2 || n === 3),
    [3],
  );
});

test("the links of a chain run one after the other", async () => {
  await dispatchChain(
    ground.pool,
    ["first", "second", "third"].map((link) => ({ task: "try/record", payload: { link } })),
  );
  const links = () => ran.flatMap(({ payload }) => (payload as { link?: string }).link ?? []);
  await until(() => links().length === 3);
  assert.deepEqual(links(), ["first", "second", "third"]);
});

test("a job that is unique until it starts may be dispatched again when it runs", async () => {
  gate = openGate();
  const unique = { unique_key: "u", unique_until: "started" };
  const uuid = await ground.dispatch("try/wait", {}, unique);
  await ears.heard("job:started", (started) => started.uuid === uuid);
  const next = await ground.dispatch("try/wait", {}, unique);
  assert.ok(next);
  gate.open();
  await Promise.all([ears.ended(uuid), ears.ended(next)]);
});

test("an encrypted payload cannot be read in the table, is read by its task, and not when it was changed", async () => {
  const options = { encrypted: true, tries: 1, delay: 3600 };
  const whole = (await dispatch(ground.pool, "try/secret", { word: "rosebud" }, options)) ?? "";
  const stored = JSON.stringify((await ground.job(whole))?.payload);
  assert.doesNotMatch(stored, /rosebud|word/);
  await ground.hurry(whole);
  assert.equal((await ears.ended(whole)).event, "job:completed");
  assert.deepEqual(ran.at(-1), { task: "try/secret", payload: { word: "rosebud" } });

  const changed = (await dispatch(ground.pool, "try/secret", { word: "rosebud" }, options)) ?? "";
  await ground.rows(
    `update graphile_worker._private_jobs
     set payload = jsonb_set(payload::jsonb, '{data,encrypted}', to_jsonb(overlay(payload -> 'data' ->> 'encrypted' placing 'AAAA' from 41)))::json
     where id = queue.job_id($1)`,
    changed,
  );
  await ground.hurry(changed);
  const ended = await ears.ended(changed);
  assert.equal(ended.event === "job:failed" && ended.final, true);
  const { exception = "" } = (await ground.failed(changed)) ?? {};
  assert.match(exception, /cannot be decrypted/);
  assert.doesNotMatch(exception, /rosebud/);
});

test("a job that fails for good is found with its error, and retried by one SQL function", async () => {
  const uuid = await ground.dispatch("try/refuse", { n: 5 });
  const ended = await ears.ended(uuid);
  assert.equal(ended.event === "job:failed" && ended.final, true);
  const [failed] = await ground.rows("select * from queue.failed_jobs where uuid = $1", uuid);
  assert.match(failed.exception, /^Fail: this can never work/);
  assert.equal(failed.connection, "database");
  assert.equal(failed.queue, "default");
  assert.equal(await ground.value("select queue.retry($1)", uuid), true);
  await ears.ended(uuid, 2);
  assert.equal(await ground.value("select queue.retry(gen_random_uuid())"), false);
});

test("a job added by plain graphile_worker.add_job is served, by its task's name or as an envelope", async () => {
  const add = "select id from graphile_worker.add_job($1, $2)";
  const [bare] = await ground.rows(add, "try/record", { plain: true });
  await until(async () => (await historyOf(bare.id)) !== undefined);
  assert.deepEqual(ran.at(-1)?.payload, { plain: true });
  const { uuid, outcome, task: name } = (await historyOf(bare.id)) ?? {};
  assert.deepEqual([outcome, name], ["completed", "try/record"]);
  assert.equal(uuid, await ground.value("select queue.uuid_of($1, null)", bare.id));

  const own = crypto.randomUUID();
  await ground.rows(add, "default", { uuid: own, job: "try/record", data: { plain: "enveloped" } });
  assert.equal((await ears.ended(own)).event, "job:completed");
  assert.deepEqual(ran.at(-1)?.payload, { plain: "enveloped" });
});

test("a bare job is served while a hundred others wait in the default queue", async () => {
  gate = openGate();
  const waiting = JSON.stringify(Array.from({ length: 100 }, () => ({ task: "try/wait" })));
  const uuids: string[] = await ground.value("select queue.dispatch_many($1)", waiting);
  await ears.heard("job:started", ({ uuid }) => uuids.includes(uuid), 10);
  const [bare] = await ground.rows(
    "select id from graphile_worker.add_job('try/record', '{\"late\": true}')",
  );
  gate.open();
  await until(async () => (await historyOf(bare.id)) !== undefined);
  await Promise.all(uuids.map((uuid) => ears.ended(uuid)));
  assert.deepEqual(await ground.rows("select * from graphile_worker._private_jobs"), []);
});

test("a bare job of a task that nobody has stays where it is, for who may have it", async () => {
  const [bare] = await ground.rows("select id from graphile_worker.add_job('somebody/else', '{}')");
  await ears.ended(await ground.dispatch("try/record"));
  const waiting = await ground.value(
    "select attempts from graphile_worker._private_jobs where id = $1",
    bare.id,
  );
  assert.equal(waiting, 0);
  await ground.rows("delete from graphile_worker._private_jobs where id = $1", bare.id);
});

test("a lane of graphile-worker runs its jobs one after the other, whether they end well or not", async () => {
  const add = async (name: string) =>
    (
      await ground.rows(
        "select id from graphile_worker.add_job($1, '{}', queue_name => 'lane', max_attempts => 1)",
        name,
      )
    )[0].id;
  const ids = [
    await add("try/record"),
    await add("try/break"),
    await add("try/refuse"),
    await add("try/record"),
  ];
  await until(async () => (await historyOf(ids[3])) !== undefined);
  const outcomes = await Promise.all(ids.map(async (id) => (await historyOf(id))?.outcome));
  assert.deepEqual(outcomes, ["completed", "failed", "failed", "completed"]);
  assert.equal(await ground.value("select locked_at from graphile_worker._private_job_queues"), null);
});

const outside: { what: string; payload: string; told: RegExp; queue?: string; flags?: string[] }[] = [
  {
    what: "an unknown task",
    payload: '{"job": "try/nobody"}',
    told: /There is no task try\/nobody: .*tasks\/try\/nobody\.ts/,
  },
  {
    what: "a name with a NUL",
    payload: '{"job": "try\\u0000/nobody", "uuid": 1}',
    told: /There is no task try\/nobody/,
  },
  { what: "data that is not valid", payload: '{"job": "try/secret", "data": {"word": 5}}', told: /word: / },
  { what: "data that is none", payload: '{"job": "try/secret"}', told: /try\/secret is not valid: word: / },
  { what: "a NUL for data", payload: '{"job": "try/secret", "data": "\\u0000"}', told: /not valid: it: / },
  { what: "a payload that is text", payload: '"a\\u0000b"', told: /There is no task default/ },
  { what: "a payload that is a number", payload: "5", told: /There is no task default/ },
  { what: "a payload that is null", payload: "null", told: /There is no task default/ },
  { what: "a payload that is a list", payload: '[{"job": "try/record"}]', told: /There is no task default/ },
  { what: "an empty payload", payload: "{}", told: /There is no task default/ },
  { what: "a job that is no text", payload: '{"job": {"a": 1}}', told: /There is no task default/ },
  {
    what: "a lone surrogate",
    payload: '{"job": "try/refuse", "data": {"x": "\\ud800"}}',
    told: /never work/,
  },
  {
    what: "text where a sealed payload should be",
    payload: '{"job": "try/secret", "encrypted": true, "data": "x"}',
    told: /cannot be decrypted/,
  },
  {
    what: "the key of a limit that no limit can have",
    payload: '{"job": "try/record"}',
    flags: [`limit:${randomBytes(5000).toString("hex")}`],
    told: /index row/,
  },
  {
    what: "a bare job with data that is not valid",
    queue: "try/secret",
    payload: '{"word": 7}',
    told: /word: /,
  },
];

for (const { what, payload, told, queue = "default", flags } of outside)
  test(`from outside, ${what}: it fails with its reason, once`, async () => {
    const [job] = await ground.rows(
      "select id from graphile_worker.add_job($1, $2::json, max_attempts => 1, flags => $3)",
      ...[queue, payload, flags],
    );
    await until(async () => (await historyOf(job.id)) !== undefined);
    const history = await ground.rows("select outcome, error from queue.attempts where job_id = $1", job.id);
    assert.deepEqual(
      history.map(({ outcome }) => outcome),
      ["failed"],
    );
    assert.match(history[0].error, told);
    const [failed] = await ground.rows("select * from queue.failed_jobs order by id desc limit 1");
    assert.match(failed.exception, told);
    assert.equal(failed.queue, queue);
    assert.deepEqual(await ground.rows("select * from graphile_worker._private_jobs"), []);
  });

test("from outside, options of nonsense are no options: the job runs as its queue has it", async () => {
  const nonsense = {
    ...{ maxTries: "many", maxExceptions: "some", backoff: "soon", timeout: "x", failOnTimeout: "maybe" },
    ...{
      retryUntil: "never",
      priority: "high",
      tags: 5,
      limits: "none",
      batchId: 7,
      chain: "x",
      uniqueUntil: 1,
    },
  };
  for (const [name, event, more] of [
    ["try/record", "job:completed", {}],
    ["try/break", "job:failed", {}],
    ["try/record", "job:completed", { timeout: 1e15 }],
    [
      "try/record",
      "job:completed",
      { timeout: -5, backoff: [-1], retryUntil: -1, chain: [5], chainCatch: 5 },
    ],
  ] as const) {
    const uuid = crypto.randomUUID();
    const envelope = { uuid, job: name, data: {}, ...nonsense, ...more };
    await ground.rows("select graphile_worker.add_job('default', $1, flags => '{chain,odd}')", envelope);
    const ended = await ears.ended(uuid);
    assert.equal(ended.event, event);
    if (ended.event === "job:failed") assert.equal(ended.final, false);
    await ground.rows("delete from graphile_worker._private_jobs");
  }
});

test("two failed jobs of one uuid are both kept", async () => {
  const uuid = crypto.randomUUID();
  const failed = () => ground.value("select count(*)::int from laravel.failed_jobs");
  const before = await failed();
  for (const nth of [1, 2]) {
    await ground.rows("select graphile_worker.add_job('default', $1)", {
      uuid,
      job: "try/refuse",
      data: { nth },
    });
    await ears.ended(uuid, nth);
  }
  assert.equal(await failed(), before + 2);
});

type History = { uuid: string; outcome: string; task: string };

async function historyOf(jobId: string): Promise<History | undefined> {
  return (await ground.rows("select uuid, outcome, task from queue.attempts where job_id = $1", jobId))[0];
}
