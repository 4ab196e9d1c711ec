import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
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
const tasks = tasksOf({
  "try/do": doing((_payload, job) => body(job)),
  "try/cursed": doing(() => {}),
  "try/effect": doing((_payload, job) => body(job), { transactional: true }),
});

let ground: Ground;
let ears: Ears;
const unhandled: unknown[] = [];
process.on("unhandledRejection", (error) => unhandled.push(error));
before(async () => {
  ground = await openGround();
  ears = openEars();
  await ground.rows("create table public.effects (uuid uuid)");
  await (await startWorker(ground, tasks))[Symbol.asyncDispose]();
});
after(() => ground?.[Symbol.asyncDispose]());
afterEach(async () => {
  assert.deepEqual(unhandled, []);
  assert.equal(
    await ground.value("select count(*)::int from queue.processes"),
    0,
    "whoever stopped has left",
  );
  await ground.rows("delete from graphile_worker._private_jobs");
  ears.all.length = 0;
});

test("all backends are terminated again and again: every job is done once, none is locked, none is lost", async () => {
  const ran = new Map<string, number>();
  body = async ({ uuid }) => {
    await sleep(5);
    ran.set(uuid, (ran.get(uuid) ?? 0) + 1);
  };
  const uuids = await dispatch("try/do", 500);
  await using worker = await startWorker(ground, tasks);
  const terminated = await terminateUntilEmpty();
  assert.ok(terminated > 20, `${terminated} backends were terminated`);
  await worker[Symbol.asyncDispose]();
  assert.deepEqual(await outcomes(uuids), { completed: 500 }, await told(uuids));
  assert.equal(await locked(), 0);
  assert.deepEqual(await ground.rows("select * from graphile_worker._private_jobs"), []);
  assert.deepEqual([ran.size, Math.max(...ran.values())], [500, 1]);
});

test("so is every transactional job, and its effect is there once", async () => {
  body = async ({ uuid, query }) => {
    await query("insert into public.effects values ($1)", [uuid]);
    await sleep(5);
  };
  const uuids = await dispatch("try/effect", 100, { tries: 0, backoff: "0" });
  await using worker = await startWorker(ground, tasks);
  await terminateUntilEmpty();
  await worker[Symbol.asyncDispose]();
  assert.equal((await outcomes(uuids)).completed, 100);
  assert.deepEqual(await ground.rows("select * from graphile_worker._private_jobs"), []);
  assert.deepEqual(
    await ground.rows("select count(*)::int, count(distinct uuid)::int as jobs from public.effects"),
    [{ count: 100, jobs: 100 }],
  );
});

test("a stop in the middle loses no completion and leaves nothing locked", async () => {
  const ran = new Set<string>();
  body = async ({ uuid }) => {
    await sleep(2);
    ran.add(uuid);
  };
  const uuids = await dispatch("try/do", 2000);
  await using worker = await startWorker(ground, tasks);
  await until(() => ran.size > 100);
  await worker[Symbol.asyncDispose]();
  assert.equal(await locked(), 0);
  const { completed = 0, ...others } = await outcomes(uuids);
  assert.deepEqual(others, {});
  assert.equal(completed, ran.size, "what ran is completed");
  const waiting = await ground.rows("select distinct attempts from graphile_worker._private_jobs");
  assert.deepEqual(waiting, [{ attempts: 0 }], "what did not has all its attempts");
  assert.equal(
    await ground.value("select count(*)::int from graphile_worker._private_jobs"),
    2000 - ran.size,
  );
});

test("so does a stop while slow jobs run and others wait, fetched, for their turn", async () => {
  const ran = new Set<string>();
  const gate = openGate();
  body = async ({ uuid }) => {
    ran.add(uuid);
    await gate.passed;
    await sleep(100);
  };
  const uuids = await dispatch("try/do", 50);
  await using worker = await startWorker(ground, tasks);
  await until(async () => ran.size === 10 && (await locked()) > 10);
  const stopped = worker[Symbol.asyncDispose]();
  gate.open();
  await stopped;
  assert.deepEqual(await outcomes(uuids), { completed: 10 });
  assert.equal(await locked(), 0);
  assert.equal(ran.size, 10);
  assert.deepEqual(await ground.rows("select distinct attempts from graphile_worker._private_jobs"), [
    { attempts: 0 },
  ]);
  assert.deepEqual(
    ears.all.filter(({ event }) => event === "job:fenced"),
    [],
  );
});

test("a stopping worker waits for its job", async () => {
  const gate = openGate();
  body = () => gate.passed;
  const [uuid = ""] = await dispatch("try/do", 1);
  await using worker = await startWorker(ground, tasks);
  await ears.heard("job:started", (started) => started.uuid === uuid);
  const stopped = worker[Symbol.asyncDispose]();
  gate.open();
  await stopped;
  assert.deepEqual(await outcomes([uuid]), { completed: 1 });
});

test("it asks those that do not end to stop, and gives back what goes on all the same, with its attempt", async () => {
  const gate = openGate();
  let reason: unknown;
  body = async ({ signal, tags }) => {
    if (tags.includes("deaf")) return gate.passed;
    await new Promise((_resolve, reject) => {
      signal.addEventListener("abort", () => {
        reason = signal.reason;
        reject(signal.reason);
      });
    });
  };
  const [polite = ""] = await dispatch("try/do", 1);
  const [deaf = ""] = await dispatch("try/do", 1, { tags: ["deaf"], tries: 1 });
  await using worker = await startWorker(ground, tasks);
  for (const uuid of [polite, deaf]) await ears.heard("job:started", (started) => started.uuid === uuid);
  const since = performance.now();
  await worker[Symbol.asyncDispose]();
  const seconds = (performance.now() - since) / 1000;
  assert.ok(seconds > 4.5 && seconds < 9, `it stopped in ${seconds} s`);
  assert.match(String(reason), /The worker stopped/);
  assert.equal((await ears.ended(polite)).event, "job:put-back");
  for (const uuid of [polite, deaf]) {
    const job = await ground.job(uuid);
    assert.deepEqual([job?.attempts, job?.locked_by], [0, null]);
    assert.deepEqual(await ground.attempts(uuid), []);
  }
  gate.open();
  await until(() => ears.all.some(({ event }) => event === "worker:error"));
  assert.equal((await ground.job(deaf))?.locked_by, null, "what it did after that counts for nothing");
  assert.ok(!ears.all.some((heard) => heard.event === "job:failed" && heard.uuid === deaf));

  body = () => {};
  await using _next = await startWorker(ground, tasks);
  await until(async () => (await outcomes([polite, deaf])).completed === 2);
});

test("a worker is started and stopped five times in a row, and leaves nothing behind", async () => {
  body = () => {};
  for (let time = 1; time <= 5; time++) {
    const [uuid = ""] = await dispatch("try/do", 1);
    await using worker = await startWorker(ground, tasks);
    await ears.ended(uuid);
    await Promise.all([worker[Symbol.asyncDispose](), worker[Symbol.asyncDispose]()]);
  }
  assert.deepEqual(await ground.rows("select * from queue.workers"), []);
  await until(async () => (await backends()) === 0);
});

test("of what waits, the smaller priority runs first, and then what has waited longer", async () => {
  const order: string[] = [];
  body = ({ tags }) => void order.push(...tags);
  const jobs = [3, -2, 0, 9, 1, 0].map((priority, n) => ({
    task: "try/do",
    priority,
    tags: [`${priority} ${n}`],
  }));
  await ground.rows("select queue.dispatch_many($1)", JSON.stringify(jobs));
  await using _worker = await startWorker(ground, tasks, { slots: 1 });
  await until(() => order.length === jobs.length);
  assert.deepEqual(order, ["-2 1", "0 2", "0 5", "1 4", "3 0", "9 3"]);
});

test("two workers share the jobs, and none is done twice", async () => {
  const ran: string[] = [];
  body = async ({ uuid }) => {
    await sleep(1);
    ran.push(uuid);
  };
  const uuids = await dispatch("try/do", 1000);
  {
    await using _one = await startWorker(ground, tasks);
    await using _other = await startWorker(ground, tasks);
    await until(async () => (await outcomes(uuids)).completed === 1000);
  }
  assert.equal(ran.length, 1000);
  assert.equal(new Set(ran).size, 1000);
  const workers = await ground.value(
    "select count(distinct worker_id)::int from queue.attempts where uuid = any($1)",
    uuids,
  );
  assert.equal(workers, 2);
});

test("a completion that Postgres refuses fails the job, and its neighbours are completed", async () => {
  body = () => {};
  await ground.rows(`
    create function public.curse() returns trigger language plpgsql as $$
    begin
      if new.outcome = 'completed' and new.task = 'try/cursed' then raise exception 'a curse'; end if;
      return new;
    end $$;
    create trigger curse before insert on queue.attempts for each row execute function public.curse()`);
  await using _worker = await startWorker(ground, tasks);
  const uuids: string[] = await ground.value(
    "select queue.dispatch_many($1)",
    JSON.stringify(["try/do", "try/do", "try/cursed", "try/do"].map((name) => ({ task: name }))),
  );
  const ended = await Promise.all(uuids.map((uuid) => ears.ended(uuid)));
  assert.deepEqual(
    ended.map(({ event }) => event),
    ["job:completed", "job:completed", "job:failed", "job:completed"],
  );
  const { exception = "" } = (await ground.failed(uuids[2] ?? "")) ?? {};
  assert.match(exception, /^It ran well and could not be completed: error: a curse/);
});

test("what cannot even be failed stays, is told, and goes back when its worker stops", async () => {
  body = () => {};
  await ground.rows(`
    create function public.refuse() returns trigger language plpgsql as $$
    begin
      if old.payload -> 'tags' ->> 0 = 'cursed' then raise exception 'a curse'; end if;
      return old;
    end $$;
    create trigger refuse before delete on graphile_worker._private_jobs for each row execute function public.refuse()`);
  const uuids = await dispatch("try/do", 20);
  const [cursed = ""] = await dispatch("try/do", 1, { tags: ["cursed"] });
  {
    await using _worker = await startWorker(ground, tasks);
    await until(async () => (await outcomes(uuids)).completed === 20);
    const { error } = await ears.heard("worker:error", ({ error }) => /a curse/.test(String(error)));
    assert.match(String(error), /a curse/);
    assert.notEqual((await ground.job(cursed))?.locked_by, null, "nobody can delete it: it stays");
    await ground.rows("drop trigger refuse on graphile_worker._private_jobs");
  }
  const job = await ground.job(cursed);
  assert.deepEqual([job?.locked_by, job?.attempts], [null, 0]);
});

async function dispatch(task: string, count: number, options: object = {}): Promise<string[]> {
  const jobs = Array.from({ length: count }, () => ({ task, ...options }));
  return ground.value("select queue.dispatch_many($1)", JSON.stringify(jobs));
}

async function outcomes(uuids: string[]): Promise<Record<string, number>> {
  const rows = await ground.rows(
    "select outcome, count(*)::int from queue.attempts where uuid = any($1) group by outcome",
    uuids,
  );
  return Object.fromEntries(rows.map(({ outcome, count }) => [outcome, count]));
}

/** Why jobs did not succeed, for whoever looks into a failure. */
function told(uuids: string[]): Promise<string> {
  return ground.value(
    "select string_agg(distinct outcome || ': ' || error, chr(10)) from queue.attempts where uuid = any($1)",
    uuids,
  );
}

function locked(): Promise<number> {
  return ground.value("select count(*)::int from graphile_worker._private_jobs where locked_at is not null");
}

const ofWorkers = "datname = current_database() and application_name like 'howdah:worker%'";

function backends(): Promise<number> {
  return ground.value(`select count(*)::int from pg_stat_activity where ${ofWorkers}`);
}

/** Terminates all backends of workers again and again, and waits until no job is left; returns how many it were. */
async function terminateUntilEmpty(): Promise<number> {
  let terminated = 0;
  const isEmpty = async () =>
    (await ground.rows("select from graphile_worker._private_jobs limit 1")).length === 0;
  for (let time = 0; time < 60 && !(await isEmpty()); time++) {
    terminated += await ground.value(
      `select count(pg_terminate_backend(pid))::int from pg_stat_activity where ${ofWorkers}`,
    );
    await sleep(120);
  }
  await until(isEmpty, 60_000);
  return terminated;
}
