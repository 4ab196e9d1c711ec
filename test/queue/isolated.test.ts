import assert from "node:assert/strict";
import path from "node:path";
import { after, before, test } from "node:test";
import { loadTasks } from "#queue/tasks.ts";
import type { Worker } from "#queue/worker.ts";
import { until } from "../support/wait.ts";
import { doing, type Ears, type Ground, openEars, openGround, startWorker } from "./support.ts";

let ground: Ground;
let ears: Ears;
let worker: Worker;
before(async () => {
  ground = await openGround();
  ears = openEars();
  const tasks = new Map(await loadTasks(path.join(import.meta.dirname, "tasks")));
  tasks.set(
    "try/nowhere",
    doing(() => {}, { isolated: true }),
  );
  worker = await startWorker(ground, tasks);
  await ground.rows("create table public.told (uuid uuid, pid int)");
});
after(async () => {
  await worker?.[Symbol.asyncDispose]();
  await ground?.[Symbol.asyncDispose]();
});

test("an isolated task runs in a process of its own; its statements, progress and lines arrive", async () => {
  const uuid = await ground.dispatch("apart/act", { act: "tell", at: "2026-01-02T03:04:05Z" });
  assert.equal((await ears.ended(uuid)).event, "job:completed");
  const { pid } = (await ground.rows("select pid from public.told where uuid = $1", uuid))[0];
  assert.notEqual(pid, process.pid);
  assert.deepEqual(await ground.rows("select percent, note from queue.progress where uuid = $1", uuid), [
    { percent: "50.00", note: "half" },
  ]);
  const moment = Date.parse("2026-01-02T03:04:05Z");
  assert.deepEqual(await lines(uuid), [`attempt 1 in ${pid}, at ${moment}`]);
  await until(() => !isAlive(pid));
});

test("one that spins without end is killed at its timeout", async () => {
  const uuid = await ground.dispatch("apart/act", { act: "spin" }, { timeout: 2 });
  const ended = await ears.ended(uuid);
  assert.equal(ended.event === "job:failed" && ended.final, false);
  assert.match((await ground.job(uuid))?.last_error ?? "", /timed out after 2 s/);
  const [attempt] = await ground.attempts(uuid);
  assert.ok(Number(attempt?.ended_at) - Number(attempt?.started_at) < 5000, "without any grace");
  const [line = ""] = await lines(uuid);
  const pid = Number(/^pid (\d+)$/.exec(line)?.[1]);
  assert.ok(pid > 0 && pid !== process.pid);
  await until(() => !isAlive(pid));
});

test("one that spins is killed when it is cancelled, and leaves nothing", async () => {
  const uuid = await ground.dispatch("apart/act", { act: "spin" });
  await until(async () => (await lines(uuid)).length > 0);
  await ground.value("select queue.cancel($1::uuid)", uuid);
  assert.equal((await ears.ended(uuid)).event, "job:cancelled");
  assert.equal(await ground.job(uuid), undefined);
  const pid = Number((await lines(uuid))[0]?.slice(4));
  await until(() => !isAlive(pid));
});

test("Fail and Snooze mean the same when they are thrown in there", async () => {
  const failed = await ground.dispatch("apart/act", { act: "fail" });
  const ended = await ears.ended(failed);
  assert.equal(ended.event === "job:failed" && ended.final, true);
  assert.match((await ground.failed(failed))?.exception ?? "", /^Fail: never again/);
  const snoozed = await ears.ended(await ground.dispatch("apart/act", { act: "snooze" }));
  assert.equal(snoozed.event === "job:snoozed" && snoozed.seconds, 300);
});

test("an error keeps its name, its stack and its cause; a thing that is no error is told as one", async () => {
  const thrown = await ground.dispatch("apart/act", { act: "throw" }, { tries: 1 });
  await ears.ended(thrown);
  const { exception = "" } = (await ground.failed(thrown)) ?? {};
  assert.match(exception, /^RangeError: out of range\n {4}at .*act\.ts/);
  assert.match(exception, /the cause of it/);
  const strange = await ground.dispatch("apart/act", { act: "strange" }, { tries: 1 });
  await ears.ended(strange);
  assert.match((await ground.failed(strange))?.exception ?? "", /null prototype/);
});

test("a process that ends before its task has failed the attempt", async () => {
  for (const [act, told] of [
    ["crash", /ended before it did: exit 3/],
    ["kill", /ended before it did: SIGKILL/],
  ] as const) {
    const uuid = await ground.dispatch("apart/act", { act });
    const ended = await ears.ended(uuid);
    assert.equal(ended.event === "job:failed" && ended.final, false);
    assert.match((await ground.job(uuid))?.last_error ?? "", told);
  }
});

test("an isolated task that is no file fails at once and says so", async () => {
  const uuid = await ground.dispatch("try/nowhere");
  const ended = await ears.ended(uuid);
  assert.equal(ended.event === "job:failed" && ended.final, true);
  assert.match((await ground.failed(uuid))?.exception ?? "", /has to be a file of a tasks folder/);
});

async function lines(uuid: string): Promise<string[]> {
  const rows = await ground.rows("select line from queue.log_lines where uuid = $1 order by id", uuid);
  return rows.map(({ line }) => line);
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
