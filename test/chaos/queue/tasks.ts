import { pause } from "#lib/pause.ts";
import { Fail, Snooze } from "#queue/errors.ts";
import type { Job } from "#queue/job.ts";
import { type Task, type TaskOptions, task } from "#queue/task.ts";
import type { Tasks } from "#queue/tasks.ts";
import { leaveEffect, type Payload, payload } from "./effects.ts";
import isolated from "./isolated.ts";
import type { Breakage } from "./settings.ts";

export type Sabotage = {
  breakage: Breakage | undefined;
  /** Outside any transaction. */
  query: Job["query"];
};

/** The tasks of the chaos run. All but the plain ones write their effect in the transaction that completes them. */
export function chaosTasks(sabotage: Sabotage): Tasks {
  const make = (run: (payload: Payload, job: Job) => Promise<unknown>, options: TaskOptions = {}): Task =>
    task({ payload, tries: 0, backoff: [0, 1], transactional: true, ...options, run }) as Task;
  const exact = (options: TaskOptions = {}, before?: (job: Job) => Promise<unknown>) =>
    make(async (given, job) => {
      if (sabotage.breakage === "deletion") await deleteRow(sabotage, job);
      await before?.(job);
      await pause(Math.random() * 20);
      await leaveEffect(given, job, sabotage.breakage === "fence" ? sabotage.query : job.query);
      await pause(Math.random() * 10);
    }, options);
  const plain = async (given: Payload, job: Job) => {
    await pause(given.ms ?? Math.random() * 50);
    await leaveEffect(given, job, job.query);
  };
  return new Map<string, Task>([
    ["chaos/exact", exact()],
    ["chaos/told", exact()],
    ["chaos/limited", exact({ queue: "mail", limits: ["chaos"] })],
    ["chaos/plain", make(plain, { transactional: false })],
    ["chaos/slow", make(plain, { transactional: false, queue: "bulk" })],
    ["chaos/flaky", exact({}, fails(0.5))],
    ["chaos/fragile", exact({ tries: 2, maxExceptions: 2 }, fails(0.5))],
    ["chaos/snoozing", exact({}, snoozes)],
    ["chaos/hanging", exact({ queue: "media", timeout: 1 }, hangsAtFirst)],
    ["chaos/deaf", exact({ queue: "media", timeout: 1 }, isDeafAtFirst)],
    ["chaos/isolated", { ...(isolated as Task), file: import.meta.resolve("./isolated.ts") }],
    ["chaos/doomed", make(() => Promise.reject(new Fail("It is doomed.")), { tries: 1 })],
  ]);
}

const fails = (chance: number) => async () => {
  if (Math.random() < chance) throw new Error("It failed this time.");
};

async function snoozes(): Promise<void> {
  if (Math.random() < 0.5) throw new Snooze(Math.random() / 2);
}

function hangsAtFirst({ attempt, signal }: Job): Promise<unknown> {
  return attempt === 1 ? pause(60_000, signal) : Promise.resolve();
}

/** Goes on after its deadline, and after the grace in which it should have ended: what it writes then is too late. */
async function isDeafAtFirst({ attempt }: Job): Promise<void> {
  if (attempt === 1) await pause(7500);
}

async function deleteRow({ query }: Sabotage, { id }: Job): Promise<void> {
  await query("delete from graphile_worker._private_jobs where id = $1", [id]);
}
