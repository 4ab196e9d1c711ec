import * as v from "valibot";
import { parseOrder } from "#queue/order.ts";
import { type TaskOptions, task } from "#queue/task.ts";
import type { Tasks } from "#queue/tasks.ts";
import { Worker, type WorkerOptions } from "#queue/worker.ts";
import { onTelemetry, type TelemetryEvents } from "#telemetry.ts";
import { until } from "../support/wait.ts";
import { openWorld, type World } from "../support/world.ts";

type Payload = Record<string, unknown>;
export type Run = (payload: Payload, job: { id: string; batchId: string | undefined }) => unknown;

export type Yard = World & {
  /** The rows of a statement. */
  // biome-ignore lint/suspicious/noExplicitAny: the rows are what the tests look into
  rows(text: string, ...values: unknown[]): Promise<any[]>;
  /** The one value of a statement. */
  // biome-ignore lint/suspicious/noExplicitAny: as above
  value(text: string, ...values: unknown[]): Promise<any>;
  /** Dispatches all jobs in one statement; returns their uuids. */
  dispatch(...jobs: object[]): Promise<string[]>;
  /** A worker that serves these queues, in the words of --queue; all without. */
  work(queues?: string, options?: Partial<WorkerOptions>): Promise<Worker>;
  /** A new queue. */
  queue(name: string, settings?: object): Promise<void>;
  /** Resolves when no job of the queue is left. */
  drained(queue: string, withinMs?: number): Promise<void>;
  /** The jobs of a queue that wait or run. */
  left(queue: string): Promise<number>;
};

/** A database whose tasks are these functions; every worker of it knows them. */
export async function openYard(
  runs: Record<string, Run>,
  options: Record<string, TaskOptions> = {},
): Promise<Yard> {
  const world = await openWorld();
  const tasks = tasksOf(runs, options);
  const rows: Yard["rows"] = async (text, ...values) => (await world.pool.query(text, values)).rows;
  const value: Yard["value"] = async (text, ...values) =>
    Object.values((await rows(text, ...values))[0] ?? {})[0];
  const left = (queue: string) => value(countOf, queue);
  await rows("select queue.declare_tasks($1)", JSON.stringify([...tasks].map(([name]) => ({ name }))));
  return {
    ...{ ...world, rows, value, left },
    dispatch: (...jobs) => value("select queue.dispatch_many($1)", JSON.stringify(jobs)),
    queue: (name, settings = {}) =>
      rows("select queue.create_queue($1, $2)", name, settings).then(() => undefined),
    drained: (queue, withinMs) => until(async () => (await left(queue)) === 0, withinMs),
    async work(queues, given = {}) {
      const order = queues === undefined ? {} : { order: parseOrder(queues) };
      const worker = new Worker({
        ...{ databaseUrl: world.databaseUrl, tasks, schedule: false },
        ...order,
        ...given,
      });
      await worker.start();
      return worker;
    },
  };
}

const countOf = `select count(*)::int from graphile_worker._private_jobs j
  join graphile_worker._private_tasks t on t.id = j.task_id where t.identifier = $1`;

const anything = v.record(v.string(), v.unknown());

function tasksOf(runs: Record<string, Run>, options: Record<string, TaskOptions>): Tasks {
  return new Map(
    Object.entries(runs).map(([name, run]) => [
      name,
      task({ payload: anything, run: async (payload, job) => run(payload, job), ...options[name] }),
    ]),
  );
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

/** Collects the events of one kind from now on. */
export function heard<E extends keyof TelemetryEvents>(event: E): Disposable & { all: TelemetryEvents[E][] } {
  const all: TelemetryEvents[E][] = [];
  const end = onTelemetry((name, payload) => {
    if ((name as string) === event) all.push(payload as never);
  });
  return { all, [Symbol.dispose]: end };
}
