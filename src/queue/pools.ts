import type pg from "pg";
import type { Database } from "#db/impatient.ts";
import { AppError } from "#errors.ts";
import type { Stop } from "#queue/deadline.ts";
import { LostRows } from "#queue/lost-rows.ts";
import type { Place } from "#queue/order.ts";
import { QueuePool, type ServedQueue } from "#queue/pool.ts";
import { defaultQueue } from "#queue/queues.ts";
import { Slots } from "#queue/slots.ts";
import { namesOf, type Tasks } from "#queue/tasks.ts";
import { emit } from "#telemetry.ts";

export type PoolsOptions = {
  pool: pg.Pool;
  db: Database;
  databaseUrl: string;
  tasks: Tasks;
  order: ReadonlyMap<string, Place> | undefined;
  slots: number;
  processId: string;
  givenUp: AbortSignal;
};

type QueueRow = ServedQueue & Place & { paused: boolean; pausedMs: number | null };

/** The pools of a process, opened and closed as queues are made, changed, paused and resumed. */
export class Pools {
  readonly #options: PoolsOptions;
  readonly #slots: Slots;
  readonly #open = new Map<string, { pool: QueuePool; as: string }>();
  readonly #closing = new Map<QueuePool, Promise<void>>();
  /** Pools that have ended while an answer was lost. */
  readonly #ended = new Set<QueuePool>();
  readonly #lost: LostRows;
  #syncing: Promise<void> = Promise.resolve();
  #names: ReadonlySet<string> = new Set();
  #paused: ReadonlySet<string> = new Set();
  #resuming: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: PoolsOptions) {
    this.#options = options;
    this.#slots = new Slots(options.slots);
    this.#lost = new LostRows(options.db);
  }

  async refuseUnknownQueues(): Promise<void> {
    const { db, order } = this.#options;
    const { rows } = await db.query<{ name: string }>(
      "select n.name from unnest($1::text[]) n (name) where n.name not in (select q.name from queue.queues q)",
      [[...(order?.keys() ?? [])]],
    );
    const unknown = rows[0]?.name;
    if (unknown !== undefined)
      throw new AppError(
        "BadOption",
        `There is no queue "${unknown}": create it with select queue.create_queue('${unknown}').`,
      );
  }

  /** Brings the pools in line with the rows of queue.queues and queue.pauses; one after the other, however often called. */
  sync(): Promise<void> {
    this.#syncing = this.#syncing.catch(() => {}).then(() => this.#sync());
    return this.#syncing;
  }

  wake(queue: string, jobs: number): void {
    for (const { pool } of this.#open.values()) if (pool.queue === queue) pool.wake(jobs);
  }

  wakeAll(): void {
    for (const { pool } of this.#open.values()) pool.wake(1);
  }

  limitsChanged(): void {
    for (const { pool } of this.#open.values()) pool.limitsChanged();
  }

  cancel(jobId: string, reason: Stop): void {
    for (const pool of this.#all()) pool.cancel(jobId, reason);
  }

  stopJobs(reason: Stop): void {
    for (const pool of this.#all()) pool.stopJobs(reason);
  }

  get running(): number {
    return this.#slots.taken;
  }

  /** After the process was taken for dead: what it serves is written down again. */
  async enterAll(): Promise<void> {
    for (const pool of this.#all()) await this.#enter(pool);
  }

  /** Unlocks rows whose jobs nobody here knows of, also those of pools that have ended. */
  async releaseLost(): Promise<void> {
    await this.#lost.release([...this.#all(), ...this.#ended]);
    for (const pool of this.#ended) {
      if (pool.suspect) continue;
      this.#ended.delete(pool);
      await this.#leave(pool);
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#resuming);
    for (const name of [...this.#open.keys()]) this.#close(name); // at once, so that no job more is begun
    await this.#syncing.catch(() => {});
    for (const name of [...this.#open.keys()]) this.#close(name);
    await Promise.all(this.#closing.values());
  }

  /** Those that are closing too: their jobs still run. */
  #all(): QueuePool[] {
    return [...[...this.#open.values()].map(({ pool }) => pool), ...this.#closing.keys()];
  }

  async #sync(): Promise<void> {
    const rows = await this.#read();
    if (this.#closed) return;
    this.#names = new Set(rows.map(({ name }) => name));
    this.#tellPauses(rows);
    const wanted = new Map(rows.filter(({ paused }) => !paused).flatMap((row) => this.#poolsOf(row)));
    for (const [key, { as }] of this.#open) if (wanted.get(key)?.as !== as) this.#close(key);
    for (const [key, { as, served, identifiers }] of wanted)
      if (!this.#closed && !this.#open.has(key)) await this.#start(key, as, served, identifiers);
    this.#resumeIn(Math.min(...rows.map(({ pausedMs }) => pausedMs ?? Number.POSITIVE_INFINITY)));
  }

  async #read(): Promise<QueueRow[]> {
    const { rows } = await this.#options.db.query<QueueRow>(`
      select q.name, q.rank, q.weight, q.concurrency, q.timeout_seconds as timeout, q.rate, q.rate_seconds as "rateSeconds",
        q.limited, q.on_death as "onDeath", count(p.queue) > 0 as paused,
        extract(epoch from min(p.until) - clock_timestamp())::float8 * 1000 as "pausedMs"
      from queue.queues q
      left join queue.pauses p on p.queue in (q.name, '*') and (p.until is null or p.until > clock_timestamp())
      where q.served
      group by q.name`);
    const { order } = this.#options;
    return order
      ? rows.flatMap((row) => ({ ...row, ...order.get(row.name) })).filter(({ name }) => order.has(name))
      : rows;
  }

  #tellPauses(rows: QueueRow[]): void {
    for (const { name, paused } of rows) {
      if (paused && !this.#paused.has(name)) emit("queue:paused", { queue: name });
      if (!paused && this.#paused.has(name)) emit("queue:resumed", { queue: name });
    }
    this.#paused = new Set(rows.filter(({ paused }) => paused).map(({ name }) => name));
  }

  /** The default queue has a second pool, for jobs that were added by a task's own name. */
  #poolsOf({ rank, weight, paused: _paused, pausedMs: _ms, ...served }: QueueRow) {
    const { tasks, slots } = this.#options;
    served.concurrency = Math.min(served.concurrency, slots);
    this.#slots.place(served.name, { rank, weight, concurrency: served.concurrency });
    const as = JSON.stringify(served);
    const pools: [string, { as: string; served: ServedQueue; identifiers: string[] }][] = [
      [served.name, { as, served, identifiers: [served.name] }],
    ];
    const bare = namesOf(tasks).filter((name) => !this.#names.has(name));
    if (served.name === defaultQueue && bare.length > 0) pools.push(["/", { as, served, identifiers: bare }]);
    return pools;
  }

  async #start(key: string, as: string, served: ServedQueue, identifiers: string[]): Promise<void> {
    const pool = new QueuePool({ ...this.#options, served, identifiers, slots: this.#slots });
    this.#open.set(key, { pool, as });
    void pool.ended.then(() => this.#restart(key, pool));
    try {
      await this.#enter(pool);
    } catch (error) {
      this.#close(key); // it has fetched nothing; the next sync opens another
      throw error;
    }
    emit("worker:serving", { queue: served.name, worker: pool.id });
  }

  async #enter(pool: QueuePool): Promise<void> {
    await this.#options.db.query("select queue.enter_worker($1, $2, $3)", [
      ...[pool.id, this.#options.processId, pool.queue],
    ]);
    pool.entered();
  }

  #close(key: string): void {
    const open = this.#open.get(key);
    if (!open) return;
    this.#open.delete(key);
    const { pool } = open;
    this.#closing.set(
      pool,
      pool
        .close()
        .then(() => this.#part(pool))
        .finally(() => this.#closing.delete(pool)),
    );
  }

  async #part(pool: QueuePool): Promise<void> {
    if (pool.suspect) this.#ended.add(pool);
    else await this.#leave(pool);
  }

  /** A row that a job still names stays until its process is rescued or leaves. */
  async #leave(pool: QueuePool): Promise<void> {
    await this.#options.db
      .query("select queue.leave_worker($1)", [pool.id])
      .catch((error) => emit("worker:error", { error }));
  }

  /** A pool never ends by itself; one that did is replaced at the next sync. */
  #restart(key: string, pool: QueuePool): void {
    if (this.#open.get(key)?.pool !== pool) return;
    this.#open.delete(key);
    pool.suspect = true;
    this.#ended.add(pool);
    emit("worker:ended", { queue: pool.queue, worker: pool.id });
    this.sync().catch((error) => emit("worker:error", { error }));
  }

  #resumeIn(ms: number): void {
    clearTimeout(this.#resuming);
    if (Number.isFinite(ms))
      this.#resuming = setTimeout(
        () => this.sync().catch(() => {}),
        Math.min(Math.max(ms + 5, 5), 3_600_000),
      );
  }
}
