import type pg from "pg";
import { Allowance } from "#lib/allowance.ts";
import { emit } from "#telemetry.ts";
import { readEpoch } from "./epoch.ts";
import { FeedStats } from "./feed-stats.ts";

/** A log in Postgres, read by snapshot difference. */
export type Source<Row> = {
  name: string;
  /**
   * A stable function `(since, most, until, ...place)`. Its first row has the snapshot `upto` and the clock `at`; those after
   * it are the log's rows that `upto` sees and `since` does not, at most so many, in an order that `place` pages through.
   */
  text: string;
  /** Where a row stands in that order, as many values as the function takes. */
  placeOf(row: Row): unknown[];
  places: number;
  most: number;
  deliver(rows: Row[]): void;
};

export type FeedOptions = {
  /** Whether nobody will ever wake it, and its connection is a pooler's. */
  polls?: () => boolean;
  /** The database is not the one the cursor came from (failover, restore): all clients must start anew. */
  newEpoch?: () => void;
};

type Head = { upto: string; at: Date };

/** Reads: in the long run one every 2 ms, as many at once as a lively chat wakes for. */
const [burst, gatherMs] = [10, 2];
const pollMs = { besideWakes: 250, alone: 100 };

/**
 * Reads a log by snapshot difference: each read returns what its snapshot sees and the one before did not, so every
 * committed row comes exactly once, however long its transaction ran. A difference that is large comes in pages. The
 * cursor lives in memory and moves only together with the delivery.
 */
export class Feed<Row extends { at: Date }> implements AsyncDisposable {
  readonly #pool: pg.Pool;
  readonly #source: Source<Row>;
  readonly #polls: () => boolean;
  readonly #newEpoch: () => void;
  readonly #stats = new FeedStats();
  #cursor: string | undefined;
  #page: { until: string; after: unknown[] } | undefined;
  #epoch: string | undefined;
  #client: pg.PoolClient | undefined;
  #timer: NodeJS.Timeout | undefined;
  #due = Number.POSITIVE_INFINITY;
  readonly #reads = new Allowance(burst, burst * gatherMs);
  #readAt = 0;
  #reading: Promise<void> | undefined;
  #woken = false;
  #failures = 0;
  #stopped = false;

  constructor(
    pool: pg.Pool,
    source: Source<Row>,
    { polls = () => false, newEpoch = () => {} }: FeedOptions = {},
  ) {
    this.#pool = pool;
    this.#source = source;
    this.#polls = polls;
    this.#newEpoch = newEpoch;
  }

  /** Resolves when the cursor stands; rejects when the log cannot be read. */
  async start(): Promise<void> {
    await this.#read();
    this.#schedule(this.#pollMs());
  }

  /** Something was committed: read now, or as soon as it is allowed. */
  wake(): void {
    this.#woken = true;
    if (!this.#reading) this.#schedule(this.#reads.waitMs());
  }

  /** What it has read since it was last asked. */
  stats() {
    return this.#stats.take();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#reading;
    this.#client?.release();
    this.#client = undefined;
  }

  #schedule(ms: number): void {
    const due = performance.now() + ms;
    if (this.#stopped || due >= this.#due) return;
    clearTimeout(this.#timer);
    this.#due = due;
    if (ms <= 0)
      this.#pump(); // a timer of 0 ms takes one
    else this.#timer = setTimeout(() => this.#pump(), ms);
  }

  #pump(): void {
    this.#due = Number.POSITIVE_INFINITY;
    this.#reading ??= this.#pumpOnce().finally(() => {
      this.#reading = undefined;
      this.#schedule(this.#pauseMs());
    });
  }

  #pollMs(): number {
    return this.#polls() ? pollMs.alone : pollMs.besideWakes;
  }

  #pauseMs(): number {
    if (this.#failures > 0) return Math.min(10 * 2 ** this.#failures, 1000);
    return this.#woken ? this.#reads.waitMs() : this.#pollMs();
  }

  async #pumpOnce(): Promise<void> {
    const woken = this.#woken;
    this.#woken = false;
    this.#reads.take();
    this.#readAt = performance.now();
    try {
      const rows = await this.#read();
      this.#failures = 0;
      this.#stats.read(rows, woken);
      if (rows > 0) {
        const ms = performance.now() - this.#readAt;
        emit("realtime:feed:read", { feed: this.#source.name, messages: rows, woken, ms });
      }
    } catch (error) {
      this.#failures += 1;
      this.#client?.release(true);
      this.#client = undefined;
      emit("realtime:feed:failed", { feed: this.#source.name, error });
    }
  }

  /** Page by page until the difference is read; how many rows it had. */
  async #read(): Promise<number> {
    let read = 0;
    do {
      this.#client ??= await this.#connect();
      const { rows } = await this.#client.query<Row & Head>(this.#query());
      const [head, ...news] = rows as unknown as [Head, ...Row[]];
      // No await between these two: a row is delivered if and only if the cursor has passed it.
      this.#advance(head.upto, news);
      if (news.length > 0) this.#deliver(head, news);
      read += news.length;
    } while (this.#page && !this.#stopped);
    return read;
  }

  #advance(upto: string, news: Row[]): void {
    const last = news.at(-1);
    if (last && news.length >= this.#source.most) {
      this.#page = { until: upto, after: this.#source.placeOf(last) };
    } else {
      this.#page = undefined;
      this.#cursor = upto;
    }
  }

  #deliver(head: Head, news: Row[]): void {
    this.#stats.delivered(news.map(({ at }) => head.at.getTime() - at.getTime()));
    this.#source.deliver(news);
  }

  /** The time limit is there for a half-open connection, which neither answers nor fails. */
  #query(): pg.QueryConfig {
    const { name, text, most, places } = this.#source;
    const after = this.#page?.after ?? Array(places).fill(null);
    const values = [this.#cursor, most, this.#page?.until, ...after];
    const prepared = this.#polls() ? {} : { name: `feed ${name}` }; // a pooler would look for it on another connection
    return Object.assign({ text, values }, prepared, { query_timeout: 10_000 });
  }

  async #connect(): Promise<pg.PoolClient> {
    const client = await this.#pool.connect();
    try {
      this.#enterEpoch(await readEpoch(client));
    } catch (error) {
      client.release(true);
      throw error;
    }
    return client;
  }

  #enterEpoch(epoch: string | undefined): void {
    const before = this.#epoch;
    this.#epoch = epoch;
    if (before === undefined || before === epoch) return;
    this.#cursor = undefined;
    this.#page = undefined;
    emit("realtime:feed:epoch", { before, after: String(epoch) });
    this.#newEpoch();
  }
}
