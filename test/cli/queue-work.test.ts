import assert from "node:assert/strict";
import path from "node:path";
import { after, afterEach, before, test } from "node:test";
import { openFolder } from "../support/process.ts";
import { until } from "../support/wait.ts";
import { type Cli, openCli, type Running, type Said, startHowdah } from "./cli.ts";

const tasks = `--tasks=${path.join(import.meta.dirname, "tasks")}`;

let cli: Cli;
let folder: Awaited<ReturnType<typeof openFolder>>;
before(async () => {
  cli = await openCli();
  folder = await openFolder();
});
after(async () => {
  await cli[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});
afterEach(async () => {
  await cli.rows("delete from graphile_worker._private_jobs");
  await cli.rows("delete from queue.pauses");
});

test("every job is told as Laravel tells it: RUNNING, then DONE or FAIL with its time", async () => {
  await dispatchEach("fail", "throw", "snooze", undefined);
  const { code, out } = await work("--stop-when-empty");
  assert.equal(code, 0);
  assert.match(out, /^\n {3}INFO {2}Processing jobs from the \[default\] queue\.\n\n/);
  const lines = out.split("\n").filter((line) => line.startsWith("  2"));
  const words = lines.map((line) => line.split(" ").at(-1));
  assert.deepEqual(words.toSorted(), ["DONE", "FAIL", "FAIL", ...Array(4).fill("RUNNING"), "SNOOZED"]);
  for (const line of lines) {
    assert.match(line, /^ {2}\d{4}-\d\d-\d\d \d\d:\d\d:\d\d try\/one \.+ ([\d.]+ms )?[A-Z]+$/);
    assert.equal(line.length, 78);
  }
});

test("--json is an object for each line, with Laravel's keys", async () => {
  const [failed, released, done] = await dispatchEach("fail", "throw", undefined);
  const { code, out } = await work("--stop-when-empty", "--json");
  assert.equal(code, 0);
  const told = out
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  assert.ok(told.every(({ timestamp }) => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00$/.test(timestamp)));
  const of = (uuid: string | undefined) =>
    told
      .filter((line) => line.uuid === uuid)
      .map(({ timestamp: _time, duration, id: _id, ...rest }) => ({ ...rest, took: typeof duration }));
  const about = { connection: "database", queue: "default", job: "try/one", attempts: 1 };
  const starting = { level: "info", ...about, status: "starting", took: "undefined" };
  const ended = { ...about, took: "number" };
  assert.deepEqual(of(done), [
    { ...starting, uuid: done },
    { level: "info", ...ended, uuid: done, status: "success", result: "deleted" },
  ]);
  assert.deepEqual(of(failed)[1], {
    ...{ level: "warning", ...ended, uuid: failed, status: "failed", result: "failed" },
    ...{ exception: "Fail", message: "It never will." },
  });
  assert.deepEqual(of(released)[1], {
    ...{ level: "warning", ...ended, uuid: released, status: "released_after_exception", result: "released" },
    ...{ exception: "TypeError", message: "It broke." },
  });
});

test("--once runs one job, or none when nothing waits", async () => {
  assert.equal((await work("--once")).code, 0);
  await dispatchEach(undefined, undefined);
  const { code, out } = await work("--once", "-v");
  assert.equal(code, 0);
  assert.match(out, /try\/one \S+ database default \.* [\d.]+ms [\d.]+MB DONE/);
  assert.equal(await waiting(), 1);
});

test("--queue is served alone, --max-jobs ends it, --stop-when-empty-for waits for more", async () => {
  await cli.dispatch({ queue: "mail" });
  await dispatchEach(undefined, undefined, undefined);
  assert.equal((await work("--max-jobs=2")).code, 0);
  assert.equal(await waiting(), 2);
  const idle = await work("--stop-when-empty-for=1");
  assert.equal(idle.code, 0);
  assert.match(idle.out, /DONE/);
  assert.equal(await waiting(), 1, "that of mail");
  assert.equal((await work("--queue=high,mail", "--stop-when-empty")).code, 0);
  assert.equal(await waiting(), 0);
});

test("--max-time ends it with 0, --memory with 12", async () => {
  assert.equal((await work("--max-time=1")).code, 0);
  assert.equal((await work("--memory=1")).code, 12);
});

test("what is a setting of the queue here is told; what is nonsense is refused with 2", async () => {
  const told = await work(
    "--stop-when-empty",
    "--tries=3",
    "--backoff=5",
    "--sleep=1",
    "--force",
    "--name=a",
  );
  assert.equal(told.code, 0, told.err);
  assert.match(told.err, /WARN {2}--tries is here a setting of the queue.*queue:configure default tries=/);
  assert.doesNotMatch(told.err, /--sleep|--force|--name/);
  for (const args of [["redis"], ["--max-jobs=many"], ["--queue=nowhere"], ["--speed=1"]])
    assert.equal((await work(...args)).code, 2, args.join());
});

test("a pause and a resume are told, and queue:restart ends it after its job", async () => {
  await using running = start("queue:work");
  await until(() => /Processing/.test(running.told()));
  await dispatchEach(undefined);
  await until(() => /DONE/.test(running.told()));
  await cli.rows("select queue.pause('default')");
  await until(() => /Queue default PAUSED/.test(running.told()));
  await cli.rows("select queue.resume('default')");
  await until(() => /Queue default RESUMED/.test(running.told()));
  await cli.dispatch({ payload: { ms: 700 } });
  await until(() => running.told().match(/RUNNING/g)?.length === 2);
  assert.equal((await cli.howdah("queue:restart")).code, 0);
  const { code, out } = await running.ended;
  assert.equal(code, 0);
  assert.match(out, /RUNNING\n.*DONE\n$/);
});

test("SIGTERM ends it with 0", async () => {
  await using running = start("queue:work");
  await dispatchEach(undefined);
  await until(() => /DONE/.test(running.told()));
  running.child.kill("SIGTERM");
  assert.equal((await running.ended).code, 0);
});

test("queue:listen runs each job in a process of its own, until it is stopped", async () => {
  await using running = start("queue:listen");
  await until(() => /Processing jobs from the \[default\] queue\./.test(running.told()));
  const done = () => running.told().match(/DONE/g)?.length ?? 0;
  await dispatchEach(undefined);
  await until(() => done() === 1);
  await dispatchEach("fail", undefined);
  await until(() => done() === 2 && /FAIL/.test(running.told()), 20_000);
  const last = "select worker_id from queue.attempts order by ended_at desc limit 3";
  const workers = new Set((await cli.rows(last)).map(({ worker_id }) => worker_id));
  assert.equal(workers.size, 3);
  running.child.kill("SIGTERM");
  assert.equal((await running.ended).code, 0);
});

function work(...args: string[]): Promise<Said> {
  return start("queue:work", ...args).ended;
}

function start(command: string, ...args: string[]): Running & AsyncDisposable {
  const env = { DATABASE_URL: cli.databaseUrl, HOWDAH_DIR: folder.path };
  const running = startHowdah([command, tasks, ...args], env);
  return {
    ...running,
    async [Symbol.asyncDispose]() {
      running.child.kill("SIGTERM");
      await running.ended;
    },
  };
}

/** Dispatches a job for each end that it shall have; their uuids. */
async function dispatchEach(...ends: (string | undefined)[]): Promise<string[]> {
  const uuids: string[] = [];
  for (const end of ends)
    uuids.push((await cli.dispatch({ payload: { end }, tries: 2, backoff: "600" })).uuid);
  return uuids;
}

/** Not counting what a schedule makes meanwhile. */
function waiting(): Promise<number> {
  return cli.value(
    "select count(*)::int from queue.jobs where payload::json ->> 'displayName' like 'try/%' and available_at <= extract(epoch from now())",
  );
}
