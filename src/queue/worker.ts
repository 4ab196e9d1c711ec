import { randomUUID } from "node:crypto";
import os from "node:os";
import type pg from "pg";
import { type Database, impatient } from "#db/impatient.ts";
import { Listener } from "#db/listen.ts";
import { openPool } from "#db/pool.ts";
import { atMost } from "#lib/at-most.ts";
import { pause } from "#lib/pause.ts";
import { announce } from "#queue/announce.ts";
import { Stop } from "#queue/deadline.ts";
import { buildIndexes, declareQueue } from "#queue/declare.ts";
import type { Place } from "#queue/order.ts";
import { Pools } from "#queue/pools.ts";
import { Presence } from "#queue/presence.ts";
import { declareSchedules } from "#queue/schedule.ts";
import { namesOf, productTasks, type Tasks } from "#queue/tasks.ts";
import { Ticker } from "#queue/ticker.ts";
import { emit } from "#telemetry.ts";

const beatMs = 2000;
const beatAgainMs = 500;
const abortAfterMs = 3000;
const giveUpAfterMs = 5000;

export type WorkerOptions = {
  databaseUrl: string;
  /** All files of tasks/, unless others are given. */
  tasks?: Tasks;
  /** The queues to serve and their order (parseOrder); without it every served queue by its own rank and weight. */
  order?: ReadonlyMap<string, Place>;
  /** Jobs at once in this process, all queues together. */
  slots?: number;
  connections?: number;
  /** Whether this process also runs recurring tasks; it does. */
  schedule?: boolean;
  /** The name of the supervisor that started this process. */
  supervisor?: string;
  /** Aborted, it is as if `drain` was called: from that very moment no job is begun, also while the worker starts. */
  drainOn?: AbortSignal;
  /** Called for other words on the pg channel howdah_queue, such as "restart". */
  onSignal?: (word: string) => void;
};

/**
 * The working process: one graphile-worker pool per named queue, one listening connection, a heartbeat. Dead processes
 * are found by the living ones, which give their jobs back.
 */
export class Worker implements AsyncDisposable {
  readonly #id = randomUUID();
  readonly #options: WorkerOptions;
  /** For tasks, and for what may take long. */
  readonly #pool: pg.Pool;
  readonly #db: Database;
  readonly #listener: Listener;
  readonly #presence = new Presence(2 * beatMs);
  /** No more jobs are begun; heartbeats go on. */
  readonly #draining = new AbortController();
  readonly #closing = new AbortController();
  readonly #givenUp = new AbortController();
  #pools: Pools | undefined;
  #ticker: Ticker | undefined;
  #number = 0;
  #locked: pg.Client | undefined;
  #buried = false;
  #beating: Promise<void> = Promise.resolve();
  #drained: Promise<void> | undefined;
  #over: Promise<void> | undefined;

  constructor(options: WorkerOptions) {
    this.#options = options;
    const { databaseUrl, connections = (options.slots ?? 10) + 4 } = options;
    // Without the first, the plan of the fetch turns generic after five runs, and the queue's own index is lost; without
    // the second, a batch of jobs is looked up by reading the whole table.
    const settings = { plan_cache_mode: "force_custom_plan", random_page_cost: "1.1" };
    this.#pool = openPool(databaseUrl, "worker", { max: connections, settings, owner: this.#id });
    this.#db = impatient(this.#pool);
    this.#listener = new Listener(databaseUrl, "worker:listen")
      .listen("howdah_jobs", (payload) => this.#jobsCame(payload))
      .listen("jobs:insert", () => this.#pools?.wakeAll())
      .listen("howdah_queue", (word) => this.#signalled(word))
      .onConnected((client) => this.#lock(client))
      .onRestored(() => this.#caughtUp());
  }

  /** Resolves when every queue is served. Throws AppError for an order that names no queue. */
  async start(): Promise<void> {
    const { databaseUrl, order, slots = 10 } = this.#options;
    const tasks = this.#options.tasks ?? (await productTasks());
    await declareQueue(this.#pool, tasks);
    this.#pools = new Pools({
      ...{ pool: this.#pool, db: this.#db, databaseUrl, tasks, order, slots, processId: this.#id },
      givenUp: this.#givenUp.signal,
    });
    await this.#pools.refuseUnknownQueues();
    await this.#enter(tasks);
    await this.#listener.start();
    this.#options.drainOn?.addEventListener("abort", () => void this.drain(), { once: true });
    await this.#pools.sync();
    this.#beating = this.#beat(tasks);
    if (this.#options.schedule === false || this.#draining.signal.aborted) return;
    await declareSchedules(this.#pool);
    this.#ticker = new Ticker(this.#pool);
    this.#ticker.start();
  }

  /** Jobs that run in this process now. */
  get running(): number {
    return this.#pools?.running ?? 0;
  }

  /** Begins no more jobs; resolves when those that run have ended, however long they take. */
  drain(): Promise<void> {
    this.#draining.abort();
    this.#drained ??= this.#close();
    return this.#drained;
  }

  /** Lets running jobs finish, asks them to stop after 3 s, and gives back what still runs after 5 s. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#over ??= this.#stop();
    return this.#over;
  }

  async #stop(): Promise<void> {
    const closed = this.drain();
    await atMost(abortAfterMs, closed);
    this.#pools?.stopJobs(new Stop("stopping", "The worker stopped."));
    await atMost(giveUpAfterMs - abortAfterMs, closed);
    this.#givenUp.abort();
    this.#closing.abort();
    await atMost(1000, Promise.all([closed, this.#beating]));
    await atMost(2000, this.#leave());
    await atMost(1000, Promise.all([this.#listener[Symbol.asyncDispose](), this.#pool.end()]));
  }

  async #close(): Promise<void> {
    await Promise.all([this.#pools?.close(), this.#ticker?.[Symbol.asyncDispose]()]);
  }

  async #leave(): Promise<void> {
    await this.#db
      .query("select queue.leave($1)", [this.#id])
      .catch((error) => emit("worker:error", { error }));
  }

  async #enter(tasks: Tasks): Promise<void> {
    const { slots = 10, order, supervisor } = this.#options;
    const names = namesOf(tasks);
    const { rows } = await this.#db.query<{ number: number }>(
      "select queue.enter($1, $2, $3, $4, $5, $6, $7) as number",
      [this.#id, os.hostname(), process.pid, slots, [...(order?.keys() ?? ["*"])], names, supervisor],
    );
    this.#number = rows[0]?.number ?? 0;
  }

  /** Held by the listening connection: while it lives, this process is slow at worst, not dead. */
  async #lock(client: pg.Client): Promise<void> {
    this.#locked = client;
    await client.query("select pg_try_advisory_lock(queue.lock_class(), $1)", [this.#number]);
  }

  async #beat(tasks: Tasks): Promise<void> {
    for (let beats = 0; !this.#closing.signal.aborted; beats++) {
      if (beats % 30 === 0) this.#buildIndexes();
      const failed = await this.#beatOnce(tasks).catch((error) => {
        emit("worker:error", { error });
        return true;
      });
      await pause(failed ? beatAgainMs : beatMs, this.#closing.signal);
    }
  }

  async #beatOnce(tasks: Tasks): Promise<void> {
    const { rows } = await this.#db.query<{ known: boolean }>("select queue.beat($1, $2) as known", [
      this.#id,
      process.memoryUsage.rss(),
    ]);
    if (!rows[0]?.known) this.#buried = true;
    if (this.#buried) await this.#rise(tasks);
    this.#presence.beat();
    await this.#rescueOthers();
    await this.#pools?.sync();
    await this.#pools?.releaseLost();
  }

  /** It was taken for dead and its jobs are others' now: it enters again, as often as it takes. */
  async #rise(tasks: Tasks): Promise<void> {
    emit("worker:buried", { process: this.#id });
    await this.#enter(tasks);
    await this.#pools?.enterAll();
    if (this.#locked) await this.#lock(this.#locked).catch(() => {}); // the next connection takes it
    this.#buried = false;
  }

  async #rescueOthers(): Promise<void> {
    const { rows } = await this.#db.query(
      `select process_id as process, hostname, pid, jobs, failed
      from queue.rescue(present => least(make_interval(secs => $1), clock_timestamp() - pg_postmaster_start_time()))`,
      [this.#presence.seconds],
    );
    for (const rescued of rows) emit("worker:rescued", rescued);
  }

  #jobsCame(payload: string): void {
    const [, queue = "", jobs = "1"] = /^(.*) (\d+)$/.exec(payload) ?? [];
    this.#pools?.wake(queue, Number(jobs));
  }

  #signalled(word: string): void {
    const [, jobId] = /^cancel (\d+)$/.exec(word) ?? [];
    if (jobId) this.#pools?.cancel(jobId, new Stop("cancelled", "It was cancelled."));
    else if (word === "limits") this.#pools?.limitsChanged();
    else if (word === "settings") this.#settingsChanged();
    else if (word === "pause") this.#sync();
    else if (word === "schedule") this.#ticker?.wake();
    else if (!announce(word)) this.#options.onSignal?.(word);
  }

  #settingsChanged(): void {
    this.#buildIndexes();
    this.#sync();
  }

  #caughtUp(): void {
    this.#cancelMissed().catch((error) => emit("worker:error", { error }));
    this.#settingsChanged();
    this.#pools?.wakeAll();
    this.#ticker?.wake();
  }

  async #cancelMissed(): Promise<void> {
    const { rows } = await this.#db.query<{ id: string }>("select job_id as id from queue.cancellations");
    for (const { id } of rows) this.#pools?.cancel(id, new Stop("cancelled", "It was cancelled."));
  }

  #buildIndexes(): void {
    buildIndexes(this.#pool).catch((error) => emit("worker:error", { error }));
  }

  #sync(): void {
    if (!this.#draining.signal.aborted) this.#pools?.sync().catch((error) => emit("worker:error", { error }));
  }
}
