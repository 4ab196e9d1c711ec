import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import * as v from "valibot";
import { Fail, Snooze } from "#queue/errors.ts";
import type { Job } from "#queue/job.ts";
import { task } from "#queue/task.ts";
import type { Worker } from "#queue/worker.ts";
import { until } from "../support/wait.ts";
import {
  doing,
  type Ears,
  type Ground,
  openEars,
  openGate,
  openGround,
  startWorker,
  tasksOf,
} from "./support.ts";

const seen: { payload: unknown; job: Job }[] = [];
const trace: string[] = [];
let body: (job: Job, payload: Record<string, unknown>) => unknown = () => {};

const around = (name: string) => async (_job: Job, next: () => Promise<unknown>) => {
  trace.push(`${name} before`);
  await next();
  trace.push(`${name} after`);
};

/** What a test says in `body` is done by try/do; the others have options. */
const act = (payload: Record<string, unknown>, job: Job) => body(job, payload);
const tasks = tasksOf({
  "try/do": doing(act),
  "try/effect": doing(act, { transactional: true }),
  "try/impatient": doing(act, { timeout: 1 }),
  "try/once": doing(act, { timeout: 1, failOnTimeout: true }),
  "try/strict": task({
    payload: v.object({
      n: v.pipe(v.number(), v.minValue(1, "at least 1")),
      word: v.optional(v.string(), "nothing"),
      day: v.optional(
        v.pipe(
          v.string(),
          v.transform((text) => new Date(text)),
        ),
      ),
    }),
    run: async (payload, job) => void seen.push({ payload, job }),
  }),
  "try/wrapped": doing(() => void trace.push("run"), { middleware: [around("outer"), around("inner")] }),
  "try/kept": doing(() => void trace.push("run"), { middleware: [async () => void trace.push("kept")] }),
  "try/guarded": doing(() => void trace.push("run"), {
    middleware: [
      async ({ attempt }, next) => {
        if (attempt > 0) throw new Fail(`guarded against attempt ${attempt}`);
        await next();
      },
    ],
  }),
  "try/empty": task({
    payload: v.record(
      v.pipe(
        v.string(),
        v.check((key) => key !== "0"),
      ),
      v.unknown(),
    ),
    run: async (payload, job) => body(job, payload),
  }),
  "try/named": doing(act, { aliases: ["App\\Jobs\\Named"] }),
});

let ground: Ground;
let ears: Ears;
let worker: Worker;
before(async () => {
  ground = await openGround();
  ears = openEars();
  worker = await startWorker(ground, tasks);
  await ground.rows("create table public.effects (uuid uuid, note text)");
});
after(async () => {
  await worker?.[Symbol.asyncDispose]();
  await ground?.[Symbol.asyncDispose]();
});
afterEach(() => {
  body = () => {};
  trace.length = 0;
  assert.deepEqual(
    ears.all.filter(({ event }) => event === "worker:error" || event === "database:error"),
    [],
  );
});

test("a task is given its payload as its schema makes it, and what there is to know about the job", async () => {
  const day = "2026-02-03T00:00:00.000Z";
  const uuid = await ground.dispatch(
    "try/strict",
    { n: 1, day, more: true },
    { queue: "bulk", tags: ["a", "b"] },
  );
  const { ms } = (await ears.ended(uuid)) as { ms: number };
  assert.ok(ms >= 0 && ms < 5000);
  const { payload, job } = seen.at(-1) ?? {};
  assert.deepEqual(payload, { n: 1, word: "nothing", day: new Date(day) });
  const { uuid: own, task, queue, attempt, maxTries, tags, batchId } = job ?? ({} as Job);
  assert.deepEqual(
    { own, task, queue, attempt, maxTries, tags, batchId },
    {
      ...{ own: uuid, task: "try/strict", queue: "bulk", attempt: 1, maxTries: 4, tags: ["a", "b"] },
      batchId: undefined,
    },
  );
  const { waitedMs } = await ears.heard("job:started", (started) => started.uuid === uuid);
  assert.ok(waitedMs >= -1000 && waitedMs < 10_000, `it waited ${waitedMs} ms`);
  assert.equal(await ground.job(uuid), undefined);
});

test("a payload that does not validate fails at once, with every reason; a valid twin runs", async () => {
  const uuid = await ground.dispatch("try/strict", { n: 0, word: 5 });
  const ended = await ears.ended(uuid);
  assert.equal(ended.event === "job:failed" && ended.final, true);
  const { exception = "" } = (await ground.failed(uuid)) ?? {};
  assert.match(exception, /^Fail: The payload of try\/strict is not valid: n: at least 1; word: /);
  assert.equal((await ground.attempts(uuid)).length, 1);
  assert.equal((await ears.ended(await ground.dispatch("try/strict", { n: 2 }))).event, "job:completed");
});

test("PHP's empty list is an empty object, a list that holds something is none", async () => {
  body = (_job, payload) => void seen.push({ payload, job: _job });
  assert.equal((await ears.ended(await ground.dispatch("try/empty", []))).event, "job:completed");
  assert.deepEqual(seen.at(-1)?.payload, {});
  const ended = await ears.ended(await ground.dispatch("try/empty", [1]));
  assert.equal(ended.event === "job:failed" && ended.final, true);
});

test("middleware goes round a task in its order, and may keep it from running or fail it", async () => {
  await ears.ended(await ground.dispatch("try/wrapped"));
  assert.deepEqual(trace, ["outer before", "inner before", "run", "inner after", "outer after"]);
  trace.length = 0;
  assert.equal((await ears.ended(await ground.dispatch("try/kept"))).event, "job:completed");
  assert.deepEqual(trace, ["kept"]);
  const guarded = await ground.dispatch("try/guarded");
  await ears.ended(guarded);
  assert.match((await ground.failed(guarded))?.exception ?? "", /guarded against attempt 1/);
  assert.deepEqual(trace, ["kept"]);
});

test("a job that comes by another name of its task runs, and is known by the task's own", async () => {
  await ground.rows(
    "select graphile_worker.add_job('default', $1)",
    JSON.stringify({ uuid: "11111111-1111-4111-8111-111111111111", job: "App\\Jobs\\Named", data: {} }),
  );
  assert.equal((await ears.ended("11111111-1111-4111-8111-111111111111")).task, "try/named");
});

test("at its timeout a job is aborted through its signal, and tried again", async () => {
  let reason: unknown;
  body = ({ signal }) =>
    new Promise((_resolve, reject) => {
      signal.addEventListener("abort", () => {
        reason = signal.reason;
        reject(new Error("whatever the task says then"));
      });
    });
  const since = performance.now();
  const [retried, failed, own] = await Promise.all([
    ground.dispatch("try/impatient"),
    ground.dispatch("try/once"),
    ground.dispatch("try/do", {}, { timeout: 1, tries: 1 }),
  ]);
  const outcomes = await Promise.all([retried, failed, own].map((uuid) => ears.ended(uuid)));
  assert.ok(performance.now() - since < 4500, "nobody waited for the grace");
  assert.match(String(reason), /Stop: It timed out after 1 s/);
  assert.deepEqual(
    outcomes.map((outcome) => outcome.event === "job:failed" && outcome.final),
    [false, true, true],
  );
  assert.match((await ground.job(retried))?.last_error ?? "", /timed out after 1 s/);
  assert.match((await ground.failed(failed))?.exception ?? "", /timed out after 1 s/);
});

test("a task that ends well within the grace has ended well; one that hears nothing is left", async () => {
  const deaf = openGate();
  body = async ({ signal }, { polite }) => {
    if (!polite) return deaf.passed;
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
  };
  const polite = await ground.dispatch("try/impatient", { polite: true });
  const left = await ground.dispatch("try/impatient", {});
  assert.equal((await ears.ended(polite)).event, "job:completed");
  const ended = await ears.ended(left);
  assert.equal(ended.event === "job:failed" && ended.final, false);
  const [attempt] = await ground.attempts(left);
  const seconds = (Number(attempt?.ended_at) - Number(attempt?.started_at)) / 1000;
  assert.ok(seconds > 5.5 && seconds < 9, `left after ${seconds} s`);
  deaf.open();
  await ground.hurry(left);
  assert.equal((await ears.ended(left, 2)).event, "job:completed", "and its next attempt runs");
  assert.deepEqual(
    (await ground.attempts(left)).map(({ outcome }) => outcome),
    ["retried", "completed"],
  );
});

test("progress and log lines are seen by SQL while the job runs", async () => {
  const gate = openGate();
  body = async ({ progress, log }) => {
    progress(12.5, "first");
    log("one\0");
    log("two");
    progress(140, "beyond");
    await gate.passed;
    log("three");
  };
  const uuid = await ground.dispatch("try/do");
  await until(async () => (await ground.rows("select from queue.progress where uuid = $1", uuid)).length > 0);
  assert.deepEqual(await ground.rows("select percent, note from queue.progress where uuid = $1", uuid), [
    { percent: "100.00", note: "beyond" },
  ]);
  const lines = () =>
    ground.value("select array_agg(line order by id) from queue.log_lines where uuid = $1", uuid);
  await until(async () => (await lines())?.length === 2);
  assert.notEqual((await ground.job(uuid))?.locked_by, null, "it still runs");
  gate.open();
  await ears.ended(uuid);
  assert.deepEqual(await lines(), ["one", "two", "three"]);
});

test("a running job is cancelled from any connection, and is not tried again", async () => {
  let reason: unknown;
  body = ({ signal }) =>
    new Promise((_resolve, reject) => {
      signal.addEventListener("abort", () => {
        reason = signal.reason;
        reject(signal.reason);
      });
    });
  const uuid = await ground.dispatch("try/do");
  await ears.heard("job:started", (started) => started.uuid === uuid);
  await ground.value("select queue.cancel($1::uuid, 'no longer wanted')", uuid);
  assert.equal((await ears.ended(uuid)).event, "job:cancelled");
  assert.match(String(reason), /It was cancelled/);
  assert.equal(await ground.job(uuid), undefined);
  assert.equal(await ground.failed(uuid), undefined);
  const [attempt] = await ground.attempts(uuid);
  assert.equal(attempt?.outcome, "cancelled");
  assert.deepEqual(await ground.rows("select * from queue.cancellations"), []);
});

test("so is one that waits for a slot in a worker, before it begins", async () => {
  const gate = openGate();
  body = (_job, { late }) => (late ? assert.fail("it ran") : gate.passed);
  const busy = await Promise.all(Array.from({ length: 10 }, () => ground.dispatch("try/do")));
  await ears.heard("job:started", ({ uuid }) => busy.includes(uuid), 10);
  const uuid = await ground.dispatch("try/do", { late: true }, { queue: "bulk" });
  await until(async () => (await ground.job(uuid))?.locked_by !== null);
  await ground.value("select queue.cancel($1::uuid)", uuid);
  await ground.rows("select queue.pause('media')"); // of which the worker hears after the cancellation
  await ears.heard("queue:paused", ({ queue }) => queue === "media");
  gate.open();
  assert.equal((await ears.ended(uuid)).event, "job:cancelled");
  await Promise.all(busy.map((each) => ears.ended(each)));
});

test("a cancellation that was told while nobody listened is not missed", async () => {
  body = ({ signal }) =>
    new Promise((_resolve, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason));
    });
  const uuid = await ground.dispatch("try/do");
  const { attempt } = await ears.heard("job:started", (started) => started.uuid === uuid);
  assert.equal(attempt, 1);
  const { id } = (await ground.job(uuid)) ?? {};
  await ground.rows("insert into queue.cancellations (job_id, cancelled_by) values ($1, 'somebody')", id);
  await ground.rows(
    "select pg_terminate_backend(pid) from pg_stat_activity where application_name like '%listen%' and datname = current_database()",
  );
  assert.equal((await ears.ended(uuid)).event, "job:cancelled");
});

test("a job that snoozes burns no attempt, and its history says so", async () => {
  let times = 0;
  body = () => {
    times++;
    if (times <= 2) throw new Snooze(600);
  };
  const uuid = await ground.dispatch("try/do", {}, { tries: 1 });
  const snoozed = await ears.ended(uuid);
  assert.equal(snoozed.event === "job:snoozed" && snoozed.seconds, 600);
  const job = await ground.job(uuid);
  assert.equal(job?.attempts, 0);
  assert.equal(job?.locked_by, null);
  const waits = Number(job?.run_at) - Date.now();
  assert.ok(waits > 540_000 && waits < 660_000);
  for (const nth of [2, 3]) {
    await ground.hurry(uuid);
    await ears.ended(uuid, nth);
  }
  assert.deepEqual(
    (await ground.attempts(uuid)).map(({ outcome, attempt }) => [outcome, attempt]),
    [
      ["snoozed", 1],
      ["snoozed", 1],
      ["completed", 1],
    ],
  );
});

test("a snooze of nonsense fails the job with a reason", async () => {
  for (const seconds of [-1, Number.NaN, Number.POSITIVE_INFINITY, 1e18]) {
    body = () => {
      throw new Snooze(seconds);
    };
    const uuid = await ground.dispatch("try/do");
    const ended = await ears.ended(uuid);
    assert.equal(ended.event === "job:failed" && ended.final, true, `${seconds}`);
    assert.match((await ground.failed(uuid))?.exception ?? "", /cannot be snoozed/);
  }
});

test("between attempts lies the backoff: the job's, or its queue's, whose last one repeats", async () => {
  body = () => {
    throw new Error("once more");
  };
  const backoffs = async (uuid: string, attempts: number) => {
    const seconds: number[] = [];
    for (let nth = 1; nth <= attempts; nth++) {
      await ears.ended(uuid, nth);
      seconds.push(Math.round((Number((await ground.job(uuid))?.run_at) - Date.now()) / 1000));
      await ground.hurry(uuid);
    }
    await ears.ended(uuid, attempts + 1);
    return seconds;
  };
  const [own, queues] = await Promise.all([
    ground.dispatch("try/do", {}, { backoff: "100,200", tries: 4 }),
    ground.dispatch("try/do", {}, { tries: 5 }),
  ]);
  assert.deepEqual(await Promise.all([backoffs(own, 3), backoffs(queues, 4)]).then(rounded), [
    [100, 200, 200],
    [5, 25, 125, 125],
  ]);
});

/** The clocks of two processes may lie a second apart. */
function rounded(lists: number[][]): number[][] {
  const known = [5, 25, 100, 125, 200];
  return lists.map((list) => list.map((n) => known.find((each) => Math.abs(each - n) <= 2) ?? n));
}

test("every attempt has a row in the history: outcome, times, worker, and the error with its stack", async () => {
  body = ({ attempt }) => {
    if (attempt === 1) throw new TypeError("the first time it breaks");
  };
  const uuid = await ground.dispatch("try/do");
  await ears.ended(uuid);
  await ground.hurry(uuid);
  await ears.ended(uuid, 2);
  const [first, second] = await ground.attempts(uuid);
  assert.deepEqual(
    [first?.outcome, first?.attempt, first?.queue, first?.task],
    ["retried", 1, "default", "try/do"],
  );
  assert.match(first?.error ?? "", /^TypeError: the first time it breaks\n {4}at .*running\.test\.ts/);
  assert.deepEqual([second?.outcome, second?.attempt, second?.error], ["completed", 2, null]);
  assert.equal(first?.job_id, second?.job_id);
  const workers = await ground.value("select array_agg(id) from queue.workers where queue = 'default'");
  for (const attempt of [first, second]) {
    assert.ok(workers.includes(attempt?.worker_id));
    assert.ok(Number(attempt?.started_at) <= Number(attempt?.ended_at));
  }
});

test("the last attempt fails for good, also by max_exceptions, where a snooze is no exception", async () => {
  body = () => {
    throw new Error("again");
  };
  const last = await ground.dispatch("try/do", {}, { tries: 1 });
  const ended = await ears.ended(last);
  assert.equal(ended.event === "job:failed" && ended.final, true);

  let times = 0;
  body = () => {
    times++;
    throw times % 2 === 1 ? new Snooze(0) : new Error(`exception ${times / 2}`);
  };
  const uuid = await ground.dispatch("try/do", {}, { tries: 10, max_exceptions: 2, backoff: "0" });
  await ears.heard("job:failed", (failed) => failed.uuid === uuid && failed.final);
  assert.match((await ground.failed(uuid))?.exception ?? "", /exception 2/);
  assert.deepEqual(
    (await ground.attempts(uuid)).map(({ outcome }) => outcome),
    ["snoozed", "retried", "snoozed", "failed"],
  );
});

test("with retry_until, time ends a job, not its attempts", async () => {
  body = () => {
    throw new Error("not yet");
  };
  const uuid = await ground.dispatch(
    "try/do",
    {},
    { tries: 1, retry_until: new Date(Date.now() + 3_600_000) },
  );
  const first = await ears.ended(uuid);
  assert.equal(first.event === "job:failed" && first.final, false);
  await ground.rows(
    "update graphile_worker._private_jobs set payload = (payload::jsonb || '{\"retryUntil\": 1}')::json where id = queue.job_id($1)",
    uuid,
  );
  await ground.hurry(uuid);
  const second = await ears.ended(uuid, 2);
  assert.equal(second.event === "job:failed" && second.final, true);
});

test("a job leaves the table and is among the failed ones in one transaction", async () => {
  const uuid = await ground.dispatch("try/do", {}, { run_at: "2035-01-01" });
  await ground.rows(
    "update graphile_worker._private_jobs set locked_by = 'w', locked_at = now(), attempts = 1 where id = queue.job_id($1)",
    uuid,
  );
  const { id } = (await ground.job(uuid)) ?? {};
  const fail = "select queue.fail('w', $1, 1, $2, 'try/do', 5, 'broken', true) as outcome";
  const client = await ground.pool.connect();
  await client.query("begin");
  assert.deepEqual((await client.query(fail, [id, uuid])).rows, [{ outcome: "failed" }]);
  await client.query("rollback");
  client.release();
  assert.ok(await ground.job(uuid));
  assert.equal(await ground.failed(uuid), undefined);
  await ground.rows(fail, id, uuid);
  assert.equal(await ground.job(uuid), undefined);
  assert.equal((await ground.failed(uuid))?.exception, "broken");
});

test("whatever a task throws, the job fails and says what it was", async () => {
  const circle: Error = new Error("round and round");
  circle.cause = circle;
  const unspeakable = Object.defineProperty(new Error("x"), "message", {
    get() {
      throw new Error("no");
    },
  });
  const hostile = new Proxy(
    {},
    {
      get() {
        throw new Error("get");
      },
      getPrototypeOf() {
        throw new Error("prototype");
      },
    },
  );
  const thrown: [unknown, RegExp][] = [
    [new Error("it broke\0 here"), /it broke here/],
    [undefined, /undefined/],
    [null, /null/],
    ["only text", /only text/],
    [Symbol("sign"), /sign/],
    [() => {}, /Function/],
    [{ code: 5, deep: { deeper: [1] } }, /deeper/],
    [circle, /round and round/],
    [Object.create(null), /null prototype/],
    [unspeakable, /./],
    [hostile, /./],
    [new Error("x".repeat(10_000_000)), /xxx/],
    [Object.assign(new Error("with a list"), { list: new Array(1_000_000).fill("y") }), /with a list/],
    [new AggregateError([new Error("first of two"), new Error("second")], "both"), /first of two/],
  ];
  for (const [error, told] of thrown) {
    body = () => {
      throw error;
    };
    const uuid = await ground.dispatch("try/do", {}, { tries: 1 });
    const ended = await ears.ended(uuid);
    assert.equal(ended.event === "job:failed" && ended.final, true);
    const { exception = "" } = (await ground.failed(uuid)) ?? {};
    assert.match(exception, told);
    assert.ok(exception.length <= 20_000);
    assert.match((await ground.attempts(uuid))[0]?.error ?? "", told);
  }
});

test("whatever a task returns, the job is completed", async () => {
  const circle: Record<string, unknown> = {};
  circle.self = circle;
  for (const result of [10n, circle, () => {}, Symbol("s"), new Map([[{}, 1]]), [Promise.resolve(1)]]) {
    body = () => result;
    assert.equal((await ears.ended(await ground.dispatch("try/do"))).event, "job:completed");
  }
});

test("the writes of a transactional task and its completion are one transaction", async () => {
  body = async ({ query, uuid, attempt }) => {
    await query("insert into public.effects values ($1, 'done')", [uuid]);
    if (attempt === 1) throw new Error("after the write");
  };
  const uuid = await ground.dispatch("try/effect");
  await ears.ended(uuid);
  assert.deepEqual(await effects(uuid), [], "what it wrote before it broke is undone");
  await ground.hurry(uuid);
  assert.equal((await ears.ended(uuid, 2)).event, "job:completed");
  const together = await ground.value(
    "select e.xmin = a.xmin from public.effects e join queue.attempts a on a.uuid = e.uuid and a.outcome = 'completed' where e.uuid = $1",
    uuid,
  );
  assert.equal(together, true);
});

test("who lost the job leaves nothing behind: what a transactional task wrote is undone", async () => {
  for (const name of ["try/effect", "try/do"]) {
    const [begun, gate] = [openGate(), openGate()];
    body = async ({ query, uuid }) => {
      if (name === "try/effect") await query("insert into public.effects values ($1, 'late')", [uuid]);
      begun.open();
      await gate.passed;
    };
    const uuid = await ground.dispatch(name);
    await begun.passed;
    await ground.rows(
      "update graphile_worker._private_jobs set locked_by = 'another', attempts = 2 where id = queue.job_id($1)",
      uuid,
    );
    gate.open();
    assert.equal((await ears.ended(uuid)).event, "job:fenced");
    assert.deepEqual(await effects(uuid), []);
    assert.deepEqual(await ground.attempts(uuid), []);
    const job = await ground.job(uuid);
    assert.deepEqual([job?.locked_by, job?.attempts], ["another", 2], "the other one still holds it");
    const done = await ground.value(
      "select queue.complete_many('another', 'default', array[$1::bigint], array[2], array[$2::uuid], array['try/do'], array[1::float8])",
      ...[job?.id, uuid],
    );
    assert.deepEqual(done, [job?.id], "and may complete it");
  }
});

test("the backend of a transactional task is terminated: no effect, and another attempt", async () => {
  const [begun, gate] = [openGate(), openGate()];
  let backend = 0;
  body = async ({ query, uuid, attempt }) => {
    await query("insert into public.effects values ($1, $2)", [uuid, `attempt ${attempt}`]);
    if (attempt > 1) return;
    backend = (await query<{ pid: number }>("select pg_backend_pid() as pid")).rows[0]?.pid ?? 0;
    begun.open();
    await gate.passed;
    await query("select 1");
  };
  const uuid = await ground.dispatch("try/effect");
  await begun.passed;
  await ground.rows("select pg_terminate_backend($1)", backend);
  gate.open();
  const ended = await ears.ended(uuid);
  assert.equal(ended.event === "job:failed" && ended.final, false);
  assert.deepEqual(await effects(uuid), []);
  await ground.hurry(uuid);
  assert.equal((await ears.ended(uuid, 2)).event, "job:completed");
  assert.deepEqual(await effects(uuid), ["attempt 2"]);
  ears.all.splice(0, ears.all.length, ...ears.all.filter(({ event }) => event !== "database:error"));
});

test("a transactional task that was left can write nothing more", async () => {
  const gate = openGate();
  let late: Promise<unknown> | undefined;
  body = async ({ query, uuid, attempt }) => {
    if (attempt > 1) return;
    await query("insert into public.effects values ($1, 'before')", [uuid]);
    await gate.passed;
    late = query("insert into public.effects values ($1, 'after it was left')", [uuid]);
    await late;
  };
  const uuid = await ground.dispatch("try/effect", {}, { timeout: 1 });
  await ears.ended(uuid);
  gate.open();
  await until(() => late !== undefined);
  await assert.rejects(late ?? Promise.resolve(), /This attempt is over/);
  await ground.hurry(uuid);
  assert.equal((await ears.ended(uuid, 2)).event, "job:completed");
  assert.deepEqual(await effects(uuid), []);
});

async function effects(uuid: string): Promise<string[]> {
  const rows = await ground.rows("select note from public.effects where uuid = $1", uuid);
  return rows.map(({ note }) => note);
}
