import { EventEmitter } from "node:events";
import { Logger, runTaskList, type TaskList, type WorkerEvents, type WorkerPool } from "graphile-worker";
import type pg from "pg";
import type { Database } from "#db/impatient.ts";
import { Completions, type Finished } from "#queue/completions.ts";
import type { Stop } from "#queue/deadline.ts";
import { describe } from "#queue/describe.ts";
import { Gate } from "#queue/gate.ts";
import { GraphilePool } from "#queue/graphile-pool.ts";
import { Prefetch } from "#queue/prefetch.ts";
import { runJob } from "#queue/run-job.ts";
import type { Serving } from "#queue/serving.ts";
import type { Slots } from "#queue/slots.ts";
import type { Tasks } from "#queue/tasks.ts";
import { emit } from "#telemetry.ts";

/** One queue as its row and this process have it. */
export type ServedQueue = {
  name: string;
  concurrency: number;
  timeout: number;
  rate: number | null;
  rateSeconds: number;
  /** Fetched job by job, because keys may be closed between two of them. */
  limited: boolean;
  onDeath: string;
};

export type PoolOptions = {
  served: ServedQueue;
  /** graphile-worker's task identifiers: the queue's own name, or those of bare jobs. */
  identifiers: readonly string[];
  pool: pg.Pool;
  db: Database;
  databaseUrl: string;
  tasks: Tasks;
  slots: Slots;
  givenUp: AbortSignal;
};

const never = 2 ** 31 - 1;
/** What was fetched ahead and not begun by then goes back, for others to take. */
const backAfterMs = 10_000;

/** A graphile-worker pool that serves one queue, from its start to its end. */
export class QueuePool {
  readonly #options: PoolOptions;
  readonly #closing = new AbortController();
  readonly #graphilePool: GraphilePool;
  readonly #gate: Gate | undefined;
  readonly #prefetch: Prefetch | undefined;
  readonly #graphile: WorkerPool;
  readonly #serving: Serving;
  /** An answer was lost: rows may be locked that nobody here knows of. */
  suspect = false;
  #entered = false;

  constructor(options: PoolOptions) {
    this.#options = options;
    const { db, served } = options;
    const held = new Map<string, number>();
    this.#graphilePool = new GraphilePool(db, {
      entered: () => this.#entered,
      givenUp: options.givenUp,
      fetched: (jobs) => {
        for (const { id, attempts } of jobs) held.set(id, attempts);
      },
      returned: (ids) => {
        for (const id of ids) held.delete(id);
      },
      lost: () => {
        this.suspect = true;
      },
    });
    if (served.limited || served.rate !== null) this.#gate = this.#openGate();
    else if (served.onDeath === "retry") this.#prefetch = new Prefetch(served.concurrency);
    this.#graphile = this.#start();
    this.#serving = this.#describeServing(held);
    this.ended = Promise.resolve(this.#graphile.promise).catch((error) => {
      // graphile-worker ends with an error whenever jobs wait in its local queue.
      if (!this.#closing.signal.aborted) emit("worker:error", { error });
    });
  }

  /** Resolves when the pool has ended, by itself or by `close`. */
  readonly ended: Promise<unknown>;

  get id(): string {
    return this.#graphile.id;
  }

  get queue(): string {
    return this.#options.served.name;
  }

  get held(): ReadonlyMap<string, number> {
    return this.#serving.held;
  }

  /** It stands in queue.workers: were this process killed now, its jobs would be found. */
  entered(): void {
    this.#entered = true;
    this.wake(this.#options.served.concurrency);
  }

  wake(jobs: number): void {
    this.#graphilePool.wake(Math.min(jobs, this.#options.served.concurrency));
  }

  limitsChanged(): void {
    this.#gate?.refresh();
    this.wake(1);
  }

  /** Aborts the job if it runs here. */
  cancel(jobId: string, reason: Stop): void {
    const { running, held, cancelled } = this.#serving;
    const deadline = running.get(jobId);
    if (deadline) deadline.stop(reason);
    else if (held.has(jobId)) cancelled.add(jobId);
  }

  /** Asks all jobs that run to stop. */
  stopJobs(reason: Stop): void {
    for (const deadline of this.#serving.running.values()) deadline.stop(reason);
  }

  /** Fetches no more; resolves when what runs has ended and is recorded. */
  async close(): Promise<void> {
    this.#closing.abort();
    this.#gate?.close();
    await Promise.resolve(this.#graphile.gracefulShutdown()).catch(() => {});
    await this.#graphilePool.returned();
    await this.#serving.completions.drained();
  }

  #start(): WorkerPool {
    const { served, identifiers } = this.#options;
    const run = (_payload: unknown, { job }: { job: Parameters<typeof runJob>[1] }) => this.#run(job);
    const taskList: TaskList = Object.fromEntries(identifiers.map((name) => [name, run]));
    return runTaskList(
      {
        noHandleSignals: true,
        events: this.#events(),
        logger: new Logger(() => (level, message) => {
          if (level === "error" && !this.#closing.signal.aborted)
            emit("worker:error", { error: new Error(message) });
        }),
        ...(this.#gate ? { forbiddenFlags: () => this.#gate?.pass() ?? [] } : {}),
        preset: {
          worker: {
            concurrentJobs: served.concurrency,
            pollInterval: 1000,
            gracefulShutdownAbortTimeout: never, // a pool that is paused lets its jobs run
            completeJobBatchDelay: 0,
            failJobBatchDelay: 0,
            ...(this.#prefetch ? { localQueue: { size: this.#prefetch.size, ttl: backAfterMs } } : {}),
          },
        },
      },
      taskList,
      this.#graphilePool as never,
    );
  }

  async #run(job: Parameters<typeof runJob>[1]): Promise<void> {
    const since = performance.now();
    const mayFetchOn = this.#gate?.found();
    await runJob(this.#serving, job, () => {
      if (job.flags) this.#gate?.refresh();
      mayFetchOn?.();
    });
    if (this.#prefetch?.ran(performance.now() - since)) this.wake(1);
  }

  #events(): WorkerEvents {
    const events: WorkerEvents = new EventEmitter();
    events.on("localQueue:init", ({ localQueue }) => this.#prefetch?.steer(localQueue));
    if (this.#gate) {
      events.on("worker:getJob:empty", () => this.#gate?.empty());
      events.on("worker:getJob:error", () => this.#gate?.empty());
    }
    if (!this.#prefetch) events.on("job:start", () => this.#graphilePool.wake(1)); // where one was, more may be: another worker looks
    return events;
  }

  #openGate(): Gate {
    const { db, served } = this.#options;
    return new Gate({
      db,
      queue: served.name,
      rate: served.rate,
      rateSeconds: served.rateSeconds,
      closing: this.#closing.signal,
      wake: () => this.wake(1),
    });
  }

  #describeServing(held: Map<string, number>): Serving {
    const { served, pool, db, databaseUrl, tasks, slots, givenUp } = this.#options;
    return {
      ...{ queue: served.name, workerId: this.#graphile.id, pool, db, databaseUrl, tasks, slots },
      ...{ held, running: new Map(), cancelled: new Set(), givenUp, timeout: served.timeout },
      closing: this.#closing.signal,
      completions: new Completions(() => this.#serving),
      refuse: (finished, error) => this.#refuse(finished, error),
      leave: (jobId) => {
        held.delete(jobId);
        this.suspect = true;
      },
      keyClosed: () => this.#keyClosed(),
      keyFreed: () => this.#gate && this.limitsChanged(),
    };
  }

  async #refuse({ id, attempt, uuid, task, ms }: Finished, error: unknown): Promise<void> {
    const { db, served } = this.#options;
    const text = `It ran well and could not be completed: ${describe(error)}`;
    const about = { id, uuid, task, queue: served.name, attempt };
    try {
      const { rows } = await db.query<{ outcome: string }>(
        "select queue.fail($1, $2, $3, $4, $5, $6, $7, true) as outcome",
        [this.id, id, attempt, uuid, task, ms, text],
      );
      if (rows[0]?.outcome === "fenced") emit("job:fenced", about);
      else emit("job:failed", { ...about, final: true, error });
    } catch (cause) {
      this.suspect = true;
      emit("worker:error", { error: cause });
    }
    this.#serving.held.delete(id);
    this.#serving.keyFreed();
  }

  /** Without a gate it would be fetched again and again: its flag did not come by way of a dispatch. */
  #keyClosed(): void {
    if (this.#gate) return;
    const { db, served } = this.#options;
    db.query("select queue.serve_with_limits(array[$1])", [served.name]).catch((error) =>
      emit("worker:error", { error }),
    );
  }
}
