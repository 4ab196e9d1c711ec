import type { Job } from "#queue/job.ts";
import { parseOrder } from "#queue/order.ts";
import type { TaskOptions } from "#queue/task.ts";
import type { Worker, WorkerOptions } from "#queue/worker.ts";
import { until } from "../support/wait.ts";
import { doing, type Ground, openGround, startWorker, tasksOf } from "./support.ts";

export type Payload = Record<string, unknown>;
export type Run = (payload: Payload, job: Job) => unknown;

export type Yard = Ground & {
  /** Dispatches all jobs in one statement; returns their uuids. */
  put(...jobs: object[]): Promise<string[]>;
  /** A worker that serves these queues, in the words of --queue; all without. */
  work(queues?: string, options?: Partial<WorkerOptions>): Promise<Worker>;
  /** A new queue. */
  queue(name: string, settings?: object): Promise<void>;
  /** Jobs of a queue that wait or run. */
  left(queue: string): Promise<number>;
  /** Resolves when no job of the queue is left. */
  drained(queue: string, withinMs?: number): Promise<void>;
};

/** A database whose tasks are these functions; every worker of it knows them. */
export async function openYard(runs: Record<string, Run>, options: TaskOptions = {}): Promise<Yard> {
  const ground = await openGround();
  const names = Object.keys(runs);
  const tasks = tasksOf(Object.fromEntries(names.map((name) => [name, doing(runs[name] as Run, options)])));
  const left = (queue: string) =>
    ground.value("select count(*)::int from queue.jobs where queue = $1", queue);
  await ground.rows("select queue.declare_tasks($1)", JSON.stringify(names.map((name) => ({ name }))));
  return {
    ...{ ...ground, left },
    put: (...jobs) => ground.value("select queue.dispatch_many($1)", JSON.stringify(jobs)),
    work: (queues, given = {}) =>
      startWorker(ground, tasks, { ...(queues ? { order: parseOrder(queues) } : {}), ...given }),
    async queue(name, settings = {}) {
      await ground.rows("select queue.create_queue($1, $2)", name, settings);
    },
    drained: (queue, withinMs) => until(async () => (await left(queue)) === 0, withinMs),
  };
}

/** Writes down what starts, when, and how many of a kind run at once. */
export class Logbook {
  starts: { kind: string; at: number; payload: Payload }[] = [];
  readonly #running = new Map<string, number>();
  readonly #most = new Map<string, number>();

  async during(kind: string, payload: Payload, work: () => Promise<unknown> | unknown): Promise<void> {
    this.starts.push({ kind, at: performance.now(), payload });
    const now = this.running(kind) + 1;
    this.#running.set(kind, now);
    this.#most.set(kind, Math.max(this.most(kind), now));
    try {
      await work();
    } finally {
      this.#running.set(kind, this.running(kind) - 1);
    }
  }

  of(kind: string) {
    return this.starts.filter((start) => start.kind === kind);
  }

  running(kind: string): number {
    return this.#running.get(kind) ?? 0;
  }

  most(kind: string): number {
    return this.#most.get(kind) ?? 0;
  }
}

/** The most of these moments that fall into one window of `ms`. */
export function mostWithin(ms: number, moments: number[]): number {
  return Math.max(...moments.map((from) => moments.filter((at) => at >= from && at < from + ms).length));
}

/** Events a second between the first and the last of these moments. */
export function meanRate(moments: number[]): number {
  return ((moments.length - 1) * 1000) / ((moments.at(-1) ?? 0) - (moments[0] ?? 0));
}

/** The same job so many times. */
export function many<T>(count: number, one: T): T[] {
  return Array.from({ length: count }, () => one);
}
