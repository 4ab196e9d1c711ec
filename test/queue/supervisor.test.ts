import assert from "node:assert/strict";
import { fork } from "node:child_process";
import path from "node:path";
import { after, test } from "node:test";
import type { Load } from "#queue/scaling.ts";
import { Supervisor } from "#queue/supervisor.ts";
import { WorkerProcess } from "#queue/worker-process.ts";
import { onTelemetry, type TelemetryEvents } from "#telemetry.ts";
import { until } from "../support/wait.ts";
import type { Behaviour } from "./fake-process.ts";

const entry = path.join(import.meta.dirname, "fake-process.ts");

const restarted: TelemetryEvents["supervisor:restarted"][] = [];
const killed: TelemetryEvents["supervisor:killed"][] = [];
const failed: TelemetryEvents["supervisor:error"][] = [];
after(
  onTelemetry((event, payload) => {
    if (event === "supervisor:restarted") restarted.push(payload as never);
    if (event === "supervisor:killed") killed.push(payload as never);
    if (event === "supervisor:error") failed.push(payload as never);
  }),
);

test("a process that crashes is followed by another, later each time", async () => {
  await using watched = await supervise({ min: 1, behaviours: ["crashes", "crashes", "crashes", "good"] });
  await until(() => watched.opened.length === 4 && watched.alive().length === 1);
  const ofThis = restarted.filter(({ supervisor }) => supervisor === watched.name);
  assert.deepEqual(
    ofThis.map(({ reason, signal }) => [reason, signal]),
    Array.from({ length: 3 }, () => ["crashed", "SIGKILL"]),
  );
  const gaps = watched.opened.map(({ at }, n) => at - (watched.opened[n - 1]?.at ?? at)).slice(1);
  assert.ok(gaps[0] !== undefined && gaps[0] >= 200, `${gaps}`);
  assert.ok(gaps[2] !== undefined && gaps[2] >= 800, `${gaps}`);
});

test("a process whose event loop is silent is killed and followed", async () => {
  await using watched = await supervise({
    min: 2,
    behaviours: ["falls silent", "good", "good"],
    silentMs: 700,
  });
  await until(() => watched.opened.length === 3 && watched.alive().length === 2);
  const ofThis = killed.filter(({ supervisor }) => supervisor === watched.name);
  assert.deepEqual(
    ofThis.map(({ pid, reason }) => [pid, reason]),
    [[watched.opened[0]?.pid, "silent"]],
  );
});

test("a process that leaves by itself is followed at once", async () => {
  await using watched = await supervise({ min: 1, behaviours: ["leaves", "good"] });
  await until(() => watched.opened.length === 2);
  assert.equal(restarted.find(({ supervisor }) => supervisor === watched.name)?.reason, "memory");
});

test("a first process that cannot start ends the start with its reason", async () => {
  await assert.rejects(supervise({ min: 3, behaviours: ["never starts"] }), {
    code: "WorkerProcess",
    message: "There is no queue of that name.",
  });
});

test("a restart replaces all, one after another, and never has fewer than before", async () => {
  await using watched = await supervise({ min: 3, behaviours: [] });
  const before = watched.alive();
  let fewest = 3;
  const watch = setInterval(() => {
    fewest = Math.min(fewest, watched.alive().length);
  }, 5);
  await watched.supervisor.restart();
  clearInterval(watch);
  await until(() => watched.alive().length === 3);
  assert.equal(fewest, 3);
  assert.deepEqual(
    watched.alive().filter((pid) => before.includes(pid)),
    [],
  );
});

test("what cannot start does not take the place of what works", async () => {
  await using watched = await supervise({ min: 1, behaviours: ["good", "never starts"] });
  const before = watched.alive();
  await watched.supervisor.restart();
  assert.deepEqual(watched.alive(), before);
  const [told] = failed.filter(({ supervisor }) => supervisor === watched.name);
  assert.match(String(told?.error), /no queue of that name/);
});

test("the fleet follows what waits, up and down, and outlives a database that is away", async () => {
  const waiting: Load = {
    ...{ queue: "default", ready: 200, oldestSeconds: 1, averageMs: 1000 },
    ...{ concurrency: 10, ratePerSecond: null, limited: false },
  };
  let look = async () => ({ loads: [waiting], otherSlots: 0 });
  await using watched = await supervise({ min: 1, max: 3, behaviours: [], look: () => look() });
  await until(() => watched.alive().length === 3);
  look = () => Promise.reject(new Error("the database is away"));
  await until(() => failed.some(({ supervisor }) => supervisor === watched.name));
  assert.equal(watched.supervisor.processes, 3);
  look = async () => ({ loads: [], otherSlots: 0 });
  await until(() => watched.alive().length === 1);
});

test("the stop waits for all, and kills what does not end", async () => {
  const watched = await supervise({ min: 2, behaviours: ["does not stop", "good"], stopWithinMs: 300 });
  await Promise.all([watched[Symbol.asyncDispose](), watched[Symbol.asyncDispose]()]);
  assert.deepEqual(watched.alive(), []);
  const ofThis = killed.filter(({ supervisor }) => supervisor === watched.name);
  assert.ok(ofThis.length >= 1 && ofThis.every(({ pid }) => pid === watched.opened[0]?.pid));
});

let names = 0;

async function supervise({
  behaviours,
  ...given
}: {
  min: number;
  max?: number;
  behaviours: Behaviour[];
  silentMs?: number;
  stopWithinMs?: number;
  look?: () => Promise<{ loads: Load[]; otherSlots: number }>;
}) {
  const name = `try-${names++}`;
  const opened: { pid: number; at: number }[] = [];
  const living = new Set<number>();
  const open = () => {
    const process = new WorkerProcess(fork(entry), behaviours[opened.length] ?? "good");
    opened.push({ pid: process.pid, at: performance.now() });
    process.ready.then(
      () => living.add(process.pid),
      () => {},
    );
    process.ended.then(() => living.delete(process.pid));
    return process;
  };
  const supervisor = new Supervisor({
    ...{ name, slots: 10, max: given.min, targetWaitSeconds: 5, maxShift: 1, cooldownMs: 100, open },
    look: async () => ({ loads: [], otherSlots: 0 }),
    ...given,
  });
  await supervisor.start();
  return {
    ...{ name, opened, supervisor },
    alive: () => [...living],
    [Symbol.asyncDispose]: () => supervisor[Symbol.asyncDispose](),
  };
}
