import { EventEmitter } from "node:events";
import os from "node:os";
import {
  type CronItem,
  Logger,
  parseCronItems,
  type Runner,
  run,
  type TaskList,
  type WorkerEvents,
} from "graphile-worker";
import type pg from "pg";
import { atMost } from "#lib/at-most.ts";
import { pause } from "#lib/pause.ts";
import { bareTask, dispatcherOf } from "#queue/around.ts";
import { defaultQueue, type Queue, queues } from "#queue/queues.ts";
import { schedule } from "#queue/schedule.ts";
import { loadTasks, type Tasks } from "#queue/tasks.ts";
import { emit } from "#telemetry.ts";

const beatMs = 5000;
const abortAfterMs = 3000;
const giveUpAfterMs = 5000;

export type WorkerOptions = { tasks?: Tasks; schedule?: CronItem[] };

/** One graphile-worker pool per named queue, with heartbeats, so that the jobs of a killed worker are found. */
export class Worker implements AsyncDisposable {
  readonly #pool: pg.Pool;
  readonly #options: WorkerOptions;
  readonly #stopping = new AbortController();
  readonly #lives: Promise<void>[] = [];
  readonly #poolIds = new Map<string, string>();
  #beating: Promise<void> = Promise.resolve();

  /** Without options it serves every file of tasks/ and the product's schedule. */
  constructor(pool: pg.Pool, options: WorkerOptions = {}) {
    this.#pool = pool;
    this.#options = options;
  }

  /** Resolves when every queue is served. */
  async start(): Promise<void> {
    const tasks = this.#options.tasks ?? (await loadTasks());
    const started = queues.map((queue) => {
      const first = Promise.withResolvers<void>();
      this.#lives.push(this.#serve(queue, tasks, first));
      return first.promise;
    });
    await Promise.all(started);
    this.#beating = this.#beat();
  }

  /** Lets running jobs finish, asks them to stop after 3 s, and gives back what still runs after 5 s. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort();
    await atMost(giveUpAfterMs, Promise.all([...this.#lives, this.#beating]));
    const workers = [...this.#poolIds.values()];
    await this.#pool
      .query("select queue.leave($1)", [workers])
      .catch((error) => emit("worker:error", { error }));
  }

  /** A pool that shuts itself down (graphile-worker does when a completion fails) is started again. */
  async #serve(queue: Queue, tasks: Tasks, first: PromiseWithResolvers<void>): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      try {
        const runner = await this.#run(queue, tasks);
        first.resolve();
        const stop = () => runner.stop().catch(() => {});
        this.#stopping.signal.addEventListener("abort", stop, { once: true });
        if (this.#stopping.signal.aborted) await stop();
        await runner.promise;
      } catch (error) {
        first.reject(error);
        emit("worker:error", { error });
      }
      await pause(1000, this.#stopping.signal);
    }
  }

  #run(queue: Queue, tasks: Tasks): Promise<Runner> {
    const events: WorkerEvents = new EventEmitter();
    events.on("pool:create", ({ workerPool }) => this.#register(queue, workerPool.id));
    return run({
      pgPool: this.#pool,
      taskList: taskListOf(queue, tasks),
      parsedCronItems: queue.name === defaultQueue ? parseCronItems(this.#options.schedule ?? schedule) : [],
      noHandleSignals: true,
      events,
      logger: new Logger(() => (level, message) => {
        // A failed job is told by job:failed already.
        if (level === "error" && !this.#stopping.signal.aborted && !message.startsWith("Failed task"))
          emit("worker:error", { error: new Error(message) });
      }),
      preset: {
        worker: {
          concurrentJobs: queue.concurrency,
          pollInterval: 1000,
          gracefulShutdownAbortTimeout: abortAfterMs,
          completeJobBatchDelay: 0, // not batched, graphile-worker does not wait for completions when it stops
          failJobBatchDelay: 0,
        },
      },
    });
  }

  #register(queue: Queue, poolId: string): void {
    this.#poolIds.set(queue.name, poolId);
    this.#beatOnce().catch((error) => emit("worker:error", { error }));
  }

  async #beat(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      await this.#beatOnce().catch((error) => emit("worker:error", { error }));
      await pause(beatMs, this.#stopping.signal);
    }
  }

  async #beatOnce(): Promise<void> {
    for (const [queue, id] of this.#poolIds)
      await this.#pool.query("select queue.beat($1, $2, $3, $4)", [id, queue, os.hostname(), process.pid]);
    const { rows } = await this.#pool.query("select worker_id as worker, jobs from queue.rescue()");
    for (const rescued of rows) emit("worker:rescued", rescued);
  }
}

function taskListOf(queue: Queue, tasks: Tasks): TaskList {
  const list: TaskList = { [queue.name]: dispatcherOf(queue.name, tasks) };
  if (queue.name !== defaultQueue) return list;
  for (const [name, task] of tasks) list[name] = bareTask(queue.name, task);
  return list;
}
