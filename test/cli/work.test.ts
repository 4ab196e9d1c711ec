import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import path from "node:path";
import { after, before, beforeEach, test } from "node:test";
import { readWorkOptions } from "#cli/work-options.ts";
import { openFolder } from "../support/process.ts";
import { until } from "../support/wait.ts";
import { openWorld, type World } from "../support/world.ts";

const entry = path.join(import.meta.dirname, "work-entry.ts");
const tasks = path.join(import.meta.dirname, "work-tasks");

let world: World;
let folder: Awaited<ReturnType<typeof openFolder>>;
before(async () => {
  world = await openWorld();
  folder = await openFolder();
  await run(`select queue.declare_tasks('[{"name": "try/nap", "required": ["ms"]}]')`);
});
after(async () => {
  await world[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});
beforeEach(() => run("delete from graphile_worker._private_jobs; delete from queue.attempts"));

test("a killed process is replaced, and its job runs again elsewhere within 15 s", async () => {
  await using work = await startWork("--processes=2", "--concurrency=1");
  await nap(1500);
  const [holder] = await holders();
  process.kill(holder?.pid, "SIGKILL");
  const since = performance.now();
  await until(async () => (await outcomes()).completed === 1, 20_000);
  assert.ok(performance.now() - since < 15_000);
  assert.equal((await outcomes()).died, 1);
  assert.match(work.told(), /"reason":"crashed","code":null,"signal":"SIGKILL".*"supervisor:restarted"/);
  await until(async () => (await processes()).length === 2);
  assert.equal(await work.stop(), 0);
});

test("the processes follow a backlog from 1 to 3 and back to 1, and every job runs once", async () => {
  await using work = await startWork(
    ...["--processes=1..3", "--concurrency=2", "--target-wait=1", "--balance-cooldown=0.3"],
  );
  await run(
    `select queue.dispatch_many(jsonb_agg('{"task": "try/nap", "payload": {"ms": 250}}'::jsonb)) from generate_series(1, 120)`,
  );
  await until(async () => (await processes()).length === 3, 20_000);
  await until(async () => (await outcomes()).completed === 120, 30_000);
  await until(async () => (await processes()).length === 1, 20_000);
  assert.deepEqual(await outcomes(), { completed: 120 });
  assert.equal(await work.stop(), 0);
  assert.deepEqual(await processes(), []);
});

for (const processes of ["1", "2"])
  test(`with ${processes} of them, a stop ends within 9 s with 0 and leaves no locked job and no attempt burned`, async () => {
    await using work = await startWork(`--processes=${processes}`, "--concurrency=2");
    await nap(60_000);
    await nap(60_000);
    await until(async () => (await locked()) === 2);
    const since = performance.now();
    assert.equal(await work.stop(), 0);
    assert.ok(performance.now() - since < 9000);
    assert.equal(await locked(), 0);
    const left = await run("select attempts from graphile_worker._private_jobs");
    assert.deepEqual(left, [{ attempts: 0 }, { attempts: 0 }]);
  });

test("a restart replaces every process, lets its jobs end, and loses none", async () => {
  await using work = await startWork("--processes=2", "--concurrency=2");
  const old = await processes();
  await nap(6000); // longer than the jobs of a process that is stopped are waited for
  await until(async () => (await locked()) === 1);
  await run("select pg_notify('howdah_queue', 'restart')");
  await until(async () => (await outcomes()).completed === 1);
  await until(async () => {
    const now = await processes();
    return now.length === 2 && !now.some((pid) => old.includes(pid));
  });
  assert.deepEqual(await outcomes(), { completed: 1 });
  assert.equal(await work.stop(), 0);
});

test("a process without a supervisor ends with 0 at a restart, after its job", async () => {
  await using work = await startWork();
  await nap(1000);
  await until(async () => (await locked()) === 1);
  await run("select pg_notify('howdah_queue', 'restart')");
  assert.equal(await work.ended, 0);
  assert.deepEqual(await outcomes(), { completed: 1 });
});

test("--once runs one job of three and ends, --max-jobs two, --stop-when-empty what is left", async () => {
  for (const _ of [1, 2, 3, 4, 5]) await nap(10, false);
  const left = async () =>
    (await run("select from graphile_worker._private_jobs where payload::text like '%try/nap%'")).length;
  assert.equal(await (await startWork("--once")).ended, 0);
  assert.equal(await left(), 4);
  assert.equal(await (await startWork("--max-jobs=2", "--concurrency=1")).ended, 0);
  assert.equal(await left(), 2);
  assert.equal(await (await startWork("--stop-when-empty", "--queue=high,mail")).ended, 0);
  assert.equal(await left(), 2, "those are of another queue");
  assert.equal(await (await startWork("--stop-when-empty")).ended, 0);
  assert.equal(await left(), 0);
  for (const _ of [1, 2, 3]) await nap(10, false);
  assert.equal(await (await startWork("--stop-when-empty", "--processes=2")).ended, 0);
  assert.equal(await left(), 0);
});

test("--max-time ends with 0, too much memory with 12", async () => {
  assert.equal(await (await startWork("--max-time=1")).ended, 0);
  assert.equal(await (await startWork("--memory=1")).ended, 12);
});

test("processes end by themselves when their supervisor is killed", async () => {
  await using work = await startWork("--processes=2");
  const orphans = await processes();
  assert.equal(await work.stop("SIGKILL"), "SIGKILL");
  await until(() => !orphans.some(isAlive));
  assert.deepEqual(await processes(), []);
});

for (const [args, says] of [
  [["--queue=nowhere"], /There is no queue "nowhere"/],
  [["--queue=nowhere", "--processes=2"], /There is no queue "nowhere"/],
  [["--processes=999"], /room for \d+ connections.*use --processes=/],
] as const)
  test(`${args.join(" ")} is refused with one sentence`, async () => {
    const work = spawnWork(...args);
    assert.equal(await work.ended, 1);
    const lines = work
      .told()
      .split("\n")
      .filter((line) => line.startsWith("howdah: "));
    assert.equal(lines.length, 1, work.told());
    assert.match(lines[0] ?? "", says);
  });

test("options that cannot be meant are refused, their twins are read", () => {
  for (const [args, says] of [
    [["--queue=a,,b"], /--queue cannot be "a,,b"/],
    [["--processes=4..2"], /--processes cannot be "4\.\.2"/],
    [["--concurrency=0"], /--concurrency must be a whole number/],
    [["--target-wait=soon"], /--target-wait must be a number/],
    [["--once", "--processes=2"], /--once runs one job in one process/],
    [["--sleep=3"], /--sleep.*howdah work --help/],
  ] as const)
    assert.throws(() => readWorkOptions([...args]), { code: "BadOption", message: says });
  const { min, max, slots, targetWaitSeconds, cooldownMs, maxShift, order, limits } = readWorkOptions([
    ...["--queue=high,default:3+bulk", "--processes=2..20", "--concurrency=4", "--target-wait=0.5"],
    ...["--balance-cooldown=2", "--balance-max-shift=3", "--memory=256", "--max-jobs=7", "--max-time=60"],
  ]);
  assert.deepEqual([min, max, slots, targetWaitSeconds, cooldownMs, maxShift], [2, 20, 4, 0.5, 2000, 3]);
  assert.deepEqual([...(order?.keys() ?? [])], ["high", "default", "bulk"]);
  assert.deepEqual(limits, { maxJobs: 7, maxSeconds: 60, memoryMb: 256 });
  assert.equal(readWorkOptions(["--once"]).slots, 1);
});

async function startWork(...args: string[]) {
  const work = spawnWork(...args);
  const several = args.some((arg) => /^--processes=(?!1$)/.test(arg));
  const ready = several ? /"supervisor:started"/ : /"service":"worker"/;
  let over = false;
  work.ended.then(() => {
    over = true;
  });
  await until(() => over || ready.test(work.told()), 30_000).catch(() => work.stop("SIGKILL"));
  assert.match(work.told(), ready);
  return work;
}

function spawnWork(...args: string[]) {
  const child = spawn(process.execPath, [entry, `--tasks=${tasks}`, ...args], {
    env: {
      PATH: process.env.PATH,
      DATABASE_URL: world.databaseUrl,
      HOWDAH_DIR: folder.path,
      LOG_LEVEL: "info",
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let told = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (told += chunk));
  const ended = endOf(child);
  const stop = (signal: NodeJS.Signals = "SIGTERM") => {
    child.kill(signal);
    return ended;
  };
  const dispose = async () => {
    if (child.exitCode === null && child.signalCode === null) await stop();
  };
  return { ended, stop, told: () => told, [Symbol.asyncDispose]: dispose };
}

function endOf(child: ChildProcess): Promise<number | string | null> {
  return new Promise((resolve) => child.once("close", (code, signal) => resolve(code ?? signal)));
}

async function nap(ms: number, untilHeld = true): Promise<void> {
  await run(`select queue.dispatch('try/nap', jsonb_build_object('ms', $1::int))`, [ms]);
  if (untilHeld) await until(async () => (await locked()) > 0);
}

async function locked(): Promise<number> {
  return (await run("select from graphile_worker._private_jobs where locked_at is not null")).length;
}

function holders() {
  return run(`
    select p.pid from graphile_worker._private_jobs j
    join queue.workers w on w.id = j.locked_by join queue.processes p on p.id = w.process_id`);
}

/** The operating system's ids of those that are entered. */
async function processes(): Promise<number[]> {
  return (await run("select pid from queue.processes order by number")).map(({ pid }) => pid);
}

async function outcomes(): Promise<Record<string, number>> {
  const rows = await run(
    "select outcome, count(*)::int as count from queue.attempts where task = 'try/nap' group by outcome",
  ); // the hourly ones may come in between
  return Object.fromEntries(rows.map(({ outcome, count }) => [outcome, count]));
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

// biome-ignore lint/suspicious/noExplicitAny: rows of many shapes
async function run(query: string, values?: unknown[]): Promise<Record<string, any>[]> {
  return (await world.pool.query(query, values)).rows;
}
