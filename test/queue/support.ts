import type pg from "pg";
import * as v from "valibot";
import type { Job } from "#queue/job.ts";
import { type TaskOptions, task } from "#queue/task.ts";
import type { Tasks } from "#queue/tasks.ts";
import { Worker, type WorkerOptions } from "#queue/worker.ts";
import { onTelemetry, type TelemetryEvent, type TelemetryEvents } from "#telemetry.ts";
import { until } from "../support/wait.ts";
import { openWorld, type World } from "../support/world.ts";

export type Ground = World & {
  /** The rows of a statement. */
  // biome-ignore lint/suspicious/noExplicitAny: the rows are what the tests look into
  rows(text: string, ...values: unknown[]): Promise<any[]>;
  /** The one value of a statement. */
  // biome-ignore lint/suspicious/noExplicitAny: as above
  value(text: string, ...values: unknown[]): Promise<any>;
  /** Dispatches one job as queue.dispatch_many takes it, and returns its uuid. */
  dispatch(name: string, payload?: unknown, options?: object): Promise<string>;
  /** The row of a job that waits or runs, undefined when it has left. */
  job(uuid: string): Promise<JobRow | undefined>;
  /** The history of a job, oldest attempt first. */
  attempts(uuid: string): Promise<AttemptRow[]>;
  /** The failed job, undefined when there is none. */
  failed(uuid: string): Promise<{ queue: string; payload: string; exception: string } | undefined>;
  /** Makes a job that waits for its next attempt due, and wakes its queue. */
  hurry(uuid: string): Promise<void>;
};

export type JobRow = {
  id: string;
  queue: string;
  // biome-ignore lint/suspicious/noExplicitAny: as above
  payload: any;
  priority: number;
  attempts: number;
  max_attempts: number;
  run_at: Date;
  locked_by: string | null;
  last_error: string | null;
  key: string | null;
  flags: Record<string, true> | null;
};

export type AttemptRow = {
  job_id: string;
  queue: string;
  task: string;
  attempt: number;
  worker_id: string | null;
  outcome: string;
  started_at: Date;
  ended_at: Date;
  error: string | null;
};

export async function openGround(): Promise<Ground> {
  const world = await openWorld();
  const rows: Ground["rows"] = async (text, ...values) => (await world.pool.query(text, values)).rows;
  const value: Ground["value"] = async (text, ...values) =>
    Object.values((await rows(text, ...values))[0] ?? {})[0];
  return {
    ...{ ...world, rows, value },
    dispatch: (name, payload = {}, options = {}) =>
      value(
        "select (queue.dispatch_many($1))[1] as uuid",
        JSON.stringify([{ task: name, payload, ...options }]),
      ),
    job: async (uuid) => (await rows(`${jobs} where j.id = queue.job_id($1)`, uuid))[0],
    attempts: (uuid) => rows("select * from queue.attempts where uuid = $1 order by ended_at", uuid),
    failed: async (uuid) => (await rows("select * from laravel.failed_jobs where uuid = $1", uuid))[0],
    async hurry(uuid) {
      const { id, queue } = (await rows(`${jobs} where j.id = queue.job_id($1)`, uuid))[0];
      await rows("update graphile_worker._private_jobs set run_at = now() where id = $1", id);
      await rows("select pg_notify('howdah_jobs', $1)", `${queue} 1`);
    },
  };
}

const jobs = `
  select j.id, t.identifier as queue, j.payload, j.priority, j.attempts, j.max_attempts, j.run_at, j.locked_by, j.last_error,
    j.key, j.flags
  from graphile_worker._private_jobs j join graphile_worker._private_tasks t on t.id = j.task_id`;

export async function startWorker(
  world: World,
  tasks: Tasks,
  options: Partial<WorkerOptions> = {},
): Promise<Worker> {
  const worker = new Worker({ databaseUrl: world.databaseUrl, tasks, schedule: false, ...options });
  try {
    await worker.start();
  } catch (error) {
    await worker[Symbol.asyncDispose]();
    throw error;
  }
  return worker;
}

type AnyTask = Tasks extends ReadonlyMap<string, infer One> ? One : never;

export function tasksOf(tasks: Record<string, AnyTask>): Tasks {
  return new Map(Object.entries(tasks));
}

/** A task that takes any object. */
export function doing(
  run: (payload: Record<string, unknown>, job: Job) => unknown,
  options: TaskOptions = {},
): AnyTask {
  return task({ payload: v.looseObject({}), run: async (payload, job) => run(payload, job), ...options });
}

type Heard<E extends TelemetryEvent = TelemetryEvent> = { [N in E]: { event: N } & TelemetryEvents[N] }[E];

export type Ears = Disposable & {
  all: Heard[];
  /** The first event of this name that fits, from when the ears were opened on. */
  heard<E extends TelemetryEvent>(
    event: E,
    fits?: (payload: TelemetryEvents[E]) => boolean,
    nth?: number,
  ): Promise<TelemetryEvents[E]>;
  /** How the nth attempt of a job ended. */
  ended(uuid: string, nth?: number): Promise<Heard<Ending>>;
};

const endings = [
  "job:completed",
  "job:failed",
  "job:snoozed",
  "job:cancelled",
  "job:skipped",
  "job:put-back",
  "job:fenced",
] as const;
type Ending = (typeof endings)[number];

/** Collects every telemetry event of this process. */
export function openEars(): Ears {
  const all: Heard[] = [];
  const close = onTelemetry((event, payload) => void all.push({ event, ...payload } as unknown as Heard));
  const find = (fits: (heard: Heard) => boolean, nth: number) => all.filter(fits)[nth - 1];
  const wait = async (fits: (heard: Heard) => boolean, nth: number) => {
    await until(() => find(fits, nth) !== undefined);
    return find(fits, nth) as never;
  };
  return {
    all,
    heard: (event, fits = () => true, nth = 1) =>
      wait((heard) => heard.event === event && fits(heard as never), nth),
    ended: (uuid, nth = 1) =>
      wait(
        (heard) => endings.includes(heard.event as Ending) && (heard as { uuid: string }).uuid === uuid,
        nth,
      ),
    [Symbol.dispose]: close,
  };
}

/** A promise that others resolve, named for what it is in a test. */
export function openGate(): { passed: Promise<void>; open: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { passed: promise, open: resolve };
}

export async function inTransaction(
  pool: pg.Pool,
  end: "commit" | "rollback",
  work: (client: pg.PoolClient) => Promise<unknown>,
): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query("begin");
    await work(client);
    await client.query(end);
  } finally {
    client.release();
  }
}
