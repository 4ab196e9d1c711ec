import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import * as v from "valibot";
import { declareQueue } from "#queue/declare.ts";
import { dispatch, dispatchMany } from "#queue/dispatch.ts";
import { nothing, task } from "#queue/task.ts";
import { type Ground, openGround, tasksOf } from "./support.ts";

const run = async () => {};
const tasks = tasksOf({
  "try/plain": task({ payload: nothing, run }),
  "try/needy": task({ payload: v.object({ name: v.string(), nick: v.optional(v.string()) }), run }),
});

let ground: Ground;
before(async () => {
  ground = await openGround();
  await declareQueue(ground.pool, tasks);
  await ground.rows("select queue.create_queue('small', '{\"payload_bytes\": 20}')");
});
after(() => ground?.[Symbol.asyncDispose]());

/** What is refused, with which sentence, and the twin that is not. */
const refusals: { what: string; bad: object; sentence: RegExp; good: object }[] = [
  {
    what: "an unknown task",
    bad: { task: "../etc/passwd" },
    sentence: /^There is no task "\.\.\/etc\/passwd": it would be the file tasks\//,
    good: { task: "try/plain" },
  },
  { what: "no task", bad: { task: null }, sentence: /^A job names no task\.$/, good: {} },
  {
    what: "an unknown queue",
    bad: { queue: "nowhere" },
    sentence: /^There is no queue "nowhere": create it with select queue\.create_queue\('nowhere'\)\.$/,
    good: { queue: "bulk" },
  },
  {
    what: "a payload without a key that its task needs",
    bad: { task: "try/needy", payload: { nick: "x" } },
    sentence: /^The payload of try\/needy lacks name\.$/,
    good: { task: "try/needy", payload: { name: "x" } },
  },
  {
    what: "a payload that is no object where keys are needed",
    bad: { task: "try/needy", payload: 5 },
    sentence: /lacks name/,
    good: { task: "try/needy", payload: { name: "x", nick: "y" } },
  },
  {
    what: "a payload over the limit of its queue",
    bad: { queue: "small", payload: { text: "far too long for it" } },
    sentence:
      /^The payload of try\/plain has \d+ bytes and the queue small takes 20: store it and send its id\.$/,
    good: { queue: "small", payload: { n: 1 } },
  },
  {
    what: "a backoff in words",
    bad: { backoff: "soon" },
    sentence: /^The backoff "soon" of try\/plain is no list of seconds such as 5,25,125\.$/,
    good: { backoff: "1, 2,3" },
  },
  {
    what: "a negative backoff",
    bad: { backoff: "5,-1" },
    sentence: /no list of seconds/,
    good: { backoff: "0" },
  },
  {
    what: "an empty backoff",
    bad: { backoff: "" },
    sentence: /no list of seconds/,
    good: { backoff: [5, 25] },
  },
  { what: "too many tries", bad: { tries: 32767 }, sentence: /^tries must be/, good: { tries: 32766 } },
  { what: "tries below none", bad: { tries: -1 }, sentence: /^tries must be/, good: { tries: 0 } },
  {
    what: "a timeout above a day",
    bad: { timeout: 86401 },
    sentence: /^timeout must/,
    good: { timeout: 86400 },
  },
  { what: "a negative timeout", bad: { timeout: -1 }, sentence: /^timeout must be/, good: { timeout: 0 } },
  { what: "no exceptions", bad: { max_exceptions: 0 }, sentence: /^max_exc/, good: { max_exceptions: 1 } },
  {
    what: "a huge priority",
    bad: { priority: 32768 },
    sentence: /^priority must/,
    good: { priority: 32767 },
  },
  {
    what: "a tiny priority",
    bad: { priority: -32769 },
    sentence: /^priority must/,
    good: { priority: -32768 },
  },
  {
    what: "a retry_until in the past",
    bad: { retry_until: "2020-01-01" },
    sentence: /^retry_until has passed: 2020/,
    good: { retry_until: "2100-01-01" },
  },
  {
    what: "an unknown unique_until",
    bad: { unique_key: "a", unique_until: "noon" },
    sentence: /^unique_until must be done or started, not "noon"\.$/,
    good: { unique_key: "a", unique_until: "started" },
  },
  {
    what: "a long unique_key",
    bad: { unique_key: "k".repeat(301) },
    sentence: /^unique_key has more than 300 characters\.$/,
    good: { unique_key: "k".repeat(300) },
  },
  {
    what: "unique_until without a key",
    bad: { unique_until: "done" },
    sentence: /need a unique_key/,
    good: {},
  },
  {
    what: "unique_for without a key",
    bad: { unique_for: "1 hour" },
    sentence: /need a unique_key/,
    good: {},
  },
  { what: "debounce without a key", bad: { debounce: "1 s" }, sentence: /need a unique_key/, good: {} },
  {
    what: "debounce_max without a key",
    bad: { debounce_max: "1 s" },
    sentence: /need a unique_key/,
    good: {},
  },
  {
    what: "a time of uniqueness that is none",
    bad: { unique_key: "b", unique_for: "-1 hour" },
    sentence: /^unique_for must be more than 0, not -01:00:00\.$/,
    good: { unique_key: "b", unique_for: "1 hour" },
  },
  {
    what: "debounce and a time of uniqueness",
    bad: { unique_key: "c", debounce: "1 s", unique_for: "1 hour" },
    sentence: /^debounce excludes unique_until and unique_for\.$/,
    good: { unique_key: "c", debounce: "1 s" },
  },
  {
    what: "limits that are no list",
    bad: { limits: "provider" },
    sentence: /^limits must be a list of keys/,
    good: { limits: ["provider"] },
  },
  {
    what: "a limit that is no key",
    bad: { limits: ["a", null] },
    sentence: /^limits must be a list of keys/,
    good: { limits: ["a", "b"] },
  },
  {
    what: "the key of a limit that no limit can have",
    bad: { limits: ["k".repeat(201)] },
    sentence: /^limits must be a list of keys/,
    good: { limits: ["k".repeat(200)] },
  },
  {
    what: "tags that are no list",
    bad: { tags: { a: 1 } },
    sentence: /^tags must be a list of words\.$/,
    good: { tags: ["a"] },
  },
];

for (const { what, bad, sentence, good } of refusals)
  test(`refused at dispatch: ${what}`, async () => {
    const send = (options: object) =>
      ground.value(
        "select queue.dispatch_many($1)",
        JSON.stringify([{ task: "try/plain", payload: {}, ...options }]),
      );
    await assert.rejects(send(bad), (error: Error & { code: string }) => {
      assert.match(error.message, sentence);
      assert.match(error.code, /^HW4(04|22)$/);
      return true;
    });
    assert.equal((await send(good)).length, 1);
  });

test("what is of the wrong kind altogether is refused by Postgres itself, in its words", async () => {
  for (const options of [
    { tries: "many" },
    { delay: "soon" },
    { run_at: "never" },
    { fail_on_timeout: "maybe" },
  ])
    await assert.rejects(ground.dispatch("try/plain", {}, options), /invalid input syntax for type/);
  await assert.rejects(ground.value("select queue.dispatch_many('{}')"), /array/);
});

test("times below none are refused too", async () => {
  const debounced = (debounce: number, most: number) =>
    ground.dispatch("try/plain", {}, { unique_key: "d", debounce, debounce_max: most });
  await assert.rejects(debounced(-1, 5), { code: "HW422", message: /^debounce and debounce_max must be 0/ });
  await assert.rejects(debounced(1, -5), { code: "HW422" });
  assert.ok(await debounced(1, 5));
});

test("TypeScript refuses with the same code, before it asks the database", async () => {
  const refused = { code: "HW422" };
  await assert.rejects(dispatch(ground.pool, "queue/prune", 5 as never), {
    ...refused,
    message: /^The payload of queue\/prune is not valid: it: /,
  });
  await assert.rejects(dispatch(ground.pool, "queue/prune", {}, { at: new Date("never") }), {
    ...refused,
    message: "run_at is no moment: it is an invalid Date.",
  });
  await assert.rejects(dispatch(ground.pool, "queue/prune", {}, { retryUntil: new Date("never") }), refused);
  await assert.rejects(dispatch(ground.pool, "queue/prune", {}, { delay: Number.NaN }), {
    ...refused,
    message: "delay is no number: NaN.",
  });
  await assert.rejects(dispatch(ground.pool, "try/needy" as never, { name: "a\0b" } as never), {
    ...refused,
    message: /^The payload of try\/needy holds a NUL/,
  });
  assert.ok(await dispatch(ground.pool, "try/needy" as never, { name: "a\\u0000b" } as never));
  await assert.rejects(dispatch(ground.pool, "queue/prune", {}, { queue: "nowhere" }), {
    ...refused,
    message: /There is no queue "nowhere"/,
  });
  await assert.rejects(
    dispatchMany(ground.pool, [{ task: "queue/prune", payload: {}, backoff: [-1] }]),
    refused,
  );
  assert.ok(await dispatch(ground.pool, "queue/prune", {}, { at: new Date(), delay: 0 }));
});
