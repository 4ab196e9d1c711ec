import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { declareQueue } from "#queue/declare.ts";
import type { Job } from "#queue/job.ts";
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

let body: (job: Job) => unknown = () => {};
const tasks = tasksOf({ "try/do": doing((_payload, job) => body(job)), "try/cursed": doing(() => {}) });

let ground: Ground;
let ears: Ears;
before(async () => {
  ground = await openGround();
  ears = openEars();
  await declareQueue(ground.pool, tasks);
});
after(() => ground?.[Symbol.asyncDispose]());
afterEach(async () => {
  await ground.rows("delete from graphile_worker._private_jobs");
  await ground.rows("delete from queue.processes");
});

test("a process that is silent for 6 seconds and has lost its connection is dead: its jobs go back", async () => {
  const uuid = await ground.dispatch("try/do");
  const process = await enter("5 seconds");
  await take(process, uuid);
  assert.deepEqual(await rescue(), [], "not yet");
  await age(process, "7 seconds");
  assert.deepEqual(await rescue(), [{ process_id: process.id, jobs: 1, failed: 0 }]);
  const job = await ground.job(uuid);
  assert.deepEqual(
    [job?.locked_by, job?.attempts, job?.max_attempts],
    [null, 1, 4],
    "the attempt stays counted",
  );
  assert.match(job?.last_error ?? "", /The worker died/);
  const [died] = await ground.attempts(uuid);
  assert.deepEqual(
    [died?.outcome, died?.attempt, died?.worker_id, died?.task],
    ["died", 1, process.worker, "try/do"],
  );
  assert.deepEqual(await ground.rows("select * from queue.workers"), []);
  assert.deepEqual(await rescue(), [], "once");
});

test("one that holds its connection is only slow, until it was silent for 30 seconds", async () => {
  const uuid = await ground.dispatch("try/do");
  const process = await enter("29 seconds");
  await take(process, uuid);
  const client = await ground.pool.connect();
  try {
    await client.query("select pg_advisory_lock(queue.lock_class(), $1)", [process.number]);
    assert.deepEqual(await rescue(), []);
    await age(process, "31 seconds");
    assert.deepEqual(await rescue(), [{ process_id: process.id, jobs: 1, failed: 0 }]);
  } finally {
    client.release(true);
  }
});

test("only the dead one's jobs go back", async () => {
  const [dead, living] = [await enter("1 minute"), await enter("1 second")];
  const [one, other] = [await ground.dispatch("try/do"), await ground.dispatch("try/do")];
  await take(dead, one);
  await take(living, other);
  assert.deepEqual(await rescue(), [{ process_id: dead.id, jobs: 1, failed: 0 }]);
  assert.equal((await ground.job(other))?.locked_by, living.worker);
});

test("a job whose last try died runs again, or has failed, as its queue says", async () => {
  await ground.rows("select queue.create_queue('strict', '{\"on_death\": \"fail\"}')");
  const process = await enter("1 minute");
  const [kind, strict, more] = [
    await ground.dispatch("try/do", {}, { tries: 1 }),
    await ground.dispatch("try/do", {}, { tries: 1, queue: "strict" }),
    await ground.dispatch("try/do", {}, { tries: 2, queue: "strict" }),
  ];
  for (const uuid of [kind, strict, more]) await take(process, uuid);
  assert.deepEqual(await rescue(), [{ process_id: process.id, jobs: 2, failed: 1 }]);
  const job = await ground.job(kind);
  assert.deepEqual([job?.attempts, job?.max_attempts], [1, 2]);
  assert.equal(await ground.job(strict), undefined);
  assert.match((await ground.failed(strict))?.exception ?? "", /The worker died while it ran this job/);
  assert.equal((await ground.attempts(strict))[0]?.outcome, "died");
  assert.equal((await ground.job(more))?.locked_by, null, "it has a try left");
});

test("the third death of a job without tries left fails it", async () => {
  const uuid = await ground.dispatch("try/do", {}, { tries: 1 });
  for (const [jobs, failed] of [
    [1, 0],
    [1, 0],
    [0, 1],
  ]) {
    const process = await enter("1 minute");
    await take(process, uuid);
    assert.deepEqual(await rescue(), [{ process_id: process.id, jobs, failed }]);
  }
  assert.equal(await ground.job(uuid), undefined);
  assert.ok(await ground.failed(uuid));
  assert.equal((await ground.attempts(uuid)).length, 3);
});

test("a cancelled job that died is over: neither tried again nor failed", async () => {
  const process = await enter("1 minute");
  const uuid = await ground.dispatch("try/do");
  await take(process, uuid);
  await ground.value("select queue.cancel($1::uuid)", uuid);
  await rescue();
  assert.equal(await ground.job(uuid), undefined);
  assert.equal(await ground.failed(uuid), undefined);
});

test("what a job holds keeps no other from its rescue", async () => {
  await ground.rows(`
    create function public.curse() returns trigger language plpgsql as $$
    begin
      if new.task = 'try/cursed' then raise exception 'a curse'; end if;
      return new;
    end $$;
    create trigger curse before insert on queue.attempts for each row execute function public.curse()`);
  const [first, second] = [await enter("1 minute"), await enter("1 minute")];
  const cursed = await ground.dispatch("try/cursed", {}, { tries: 1 });
  const others = [await ground.dispatch("try/do"), await ground.dispatch("try/do")];
  const poisoned = [];
  for (const payload of [
    '"a\\u0000b"',
    '{"job": "a\\u0000b", "uuid": "no uuid"}',
    '{"job": "try/do", "data": "\\ud800"}',
    "5",
  ])
    poisoned.push(
      ...(await ground.rows(
        "select id from graphile_worker.add_job('default', $1::json, max_attempts => 1)",
        payload,
      )),
    );
  const endless = await ground.dispatch("try/do", {}, { tries: 0 });
  for (const uuid of [cursed, others[0] ?? "", endless]) await take(first, uuid);
  await take(second, others[1] ?? "");
  for (const { id } of poisoned)
    await ground.rows(
      "update graphile_worker._private_jobs set locked_by = $2, locked_at = now(), attempts = 1 where id = $1",
      ...[id, first.worker],
    );
  await ground.rows(
    "update graphile_worker._private_jobs set attempts = 32767 where id = queue.job_id($1)",
    endless,
  );
  assert.deepEqual(
    await rescue(),
    [
      { process_id: first.id, jobs: 7, failed: 0 },
      { process_id: second.id, jobs: 1, failed: 0 },
    ].sort((a, b) => a.process_id.localeCompare(b.process_id)),
  );
  assert.equal(
    await ground.value("select count(*)::int from graphile_worker._private_jobs where not is_available"),
    0,
  );
  await ground.rows("drop trigger curse on queue.attempts");
});

test("a lane and the keys that a dead worker's job held are free again", async () => {
  const process = await enter("1 minute");
  await ground.rows("select graphile_worker.add_job('try/do', '{}', queue_name => 'lane')");
  await ground.rows(
    "update graphile_worker._private_jobs set locked_by = $1, locked_at = now(), attempts = 1",
    process.worker,
  );
  await ground.rows(
    "update graphile_worker._private_job_queues set locked_by = $1, locked_at = now()",
    process.worker,
  );
  await ground.rows(
    "insert into queue.holds (job_id, key, worker_id) select id, 'k', $1 from graphile_worker._private_jobs",
    process.worker,
  );
  await rescue();
  assert.equal(await ground.value("select locked_at from graphile_worker._private_job_queues"), null);
  assert.deepEqual(await ground.rows("select * from queue.holds"), []);
});

test("somebody who lost the job can neither complete nor fail, snooze or put it back; who holds it can", async () => {
  const ends = (worker: string, attempt: number): [string, unknown, unknown][] => [
    [
      `select queue.complete_many('${worker}', 'default', array[$1::bigint], array[${attempt}], array[$2::uuid], array['try/do'], array[1::float8])`,
      [],
      null,
    ],
    [`select queue.fail('${worker}', $1, ${attempt}, $2, 'try/do', 5, 'late', true)`, "fenced", "failed"],
    [`select queue.snooze('${worker}', $1, ${attempt}, $2, 'try/do', 5, 60)`, false, true],
    [`select queue.put_back('${worker}', $1, ${attempt}) from (select $2::text) uuid`, false, true],
    [`select queue.skip('${worker}', $1, ${attempt}, $2, 'try/do')`, false, true],
  ];
  for (const nth of ends("", 0).keys()) {
    const uuid = await ground.dispatch("try/do");
    const old = await enter("1 minute");
    await take(old, uuid);
    await rescue();
    const { id } = (await ground.job(uuid)) ?? {};
    const holder = await enter("0 seconds");
    await take(holder, uuid);
    const before = await ground.job(uuid);
    const history = await ground.attempts(uuid);
    for (const [worker, attempt] of [
      [old.worker, 1],
      [old.worker, 2],
      [holder.worker, 1],
    ] as const) {
      const [text = "", fenced] = ends(worker, attempt)[nth] ?? [];
      assert.deepEqual(await ground.value(text, id, uuid), fenced, text);
    }
    assert.deepEqual(await ground.job(uuid), before);
    assert.deepEqual(await ground.attempts(uuid), history);
    const [text = "", , done] = ends(holder.worker, 2)[nth] ?? [];
    assert.deepEqual(await ground.value(text, id, uuid), done ?? [id], text);
  }
});

test("a living process finds the dead one by itself, and its job runs", async () => {
  const uuid = await ground.dispatch("try/do");
  await take(await enter("1 minute"), uuid);
  await using _worker = await startWorker(ground, tasks);
  const { jobs, failed } = await ears.heard("worker:rescued");
  assert.deepEqual([jobs, failed], [1, 0]);
  const ended = await ears.ended(uuid);
  assert.deepEqual([ended.event, ended.attempt], ["job:completed", 2]);
});

test("a process that was taken for dead enters again, and what it ran meanwhile is fenced", async () => {
  const gate = openGate();
  const attempts: number[] = [];
  body = async ({ attempt }) => {
    attempts.push(attempt);
    if (attempt === 1) await gate.passed;
  };
  await using _worker = await startWorker(ground, tasks);
  const uuid = await ground.dispatch("try/do");
  await ears.heard("job:started", (started) => started.uuid === uuid);
  const buried = await ground.rows("select jobs, failed from queue.rescue('-1 hour', '-1 hour')");
  assert.deepEqual(buried, [{ jobs: 1, failed: 0 }]);
  assert.equal((await ears.ended(uuid)).event, "job:completed", "its second attempt");
  gate.open();
  assert.equal((await ears.ended(uuid, 2)).event, "job:fenced", "its first");
  await ears.heard("worker:buried");
  await until(async () => (await ground.value("select count(*)::int from queue.workers")) > 0);
  assert.deepEqual(attempts, [1, 2]);
  assert.deepEqual(
    (await ground.attempts(uuid)).map(({ outcome }) => outcome),
    ["died", "completed"],
  );
  const next = await ground.dispatch("try/do");
  await ears.ended(next);
  const worker = (await ground.attempts(next))[0]?.worker_id;
  await until(
    async () => (await ground.rows("select from queue.workers where id = $1", worker)).length === 1,
  );
});

type FakeProcess = { id: string; worker: string; number: number };

async function enter(silent: string): Promise<FakeProcess> {
  const id = crypto.randomUUID();
  const number = await ground.value("select queue.enter($1, 'web-1', 1, 10, '{*}', '{}', null)", id);
  const worker = `pool-${id}`;
  await ground.rows("select queue.enter_worker($1, $2, 'default')", worker, id);
  const process = { id, worker, number };
  await age(process, silent);
  return process;
}

async function age({ id }: FakeProcess, silent: string): Promise<void> {
  await ground.rows("update queue.processes set beat_at = now() - $2::interval where id = $1", id, silent);
}

/** As graphile-worker's fetch does it. */
async function take({ worker }: FakeProcess, uuid: string): Promise<void> {
  await ground.rows(
    "update graphile_worker._private_jobs set locked_by = $1, locked_at = now(), attempts = attempts + 1 where id = queue.job_id($2)",
    ...[worker, uuid],
  );
}

function rescue(): Promise<unknown[]> {
  return ground.rows("select process_id, jobs, failed from queue.rescue() order by process_id");
}
