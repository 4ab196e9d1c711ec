import type pg from "pg";
import { emit } from "#telemetry.ts";
import { FeedStats } from "./feed-stats.ts";
import { LogConnection } from "./log-connection.ts";
import { Pump } from "./pump.ts";

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

/**
 * Reads a log by snapshot difference: each read returns what its snapshot sees and the one before did not, so every
 * committed row comes exactly once, however long its transaction ran. A difference that is large comes in pages. The
 * cursor lives in memory and moves only together with the delivery.
 */
export class Feed<Row extends { at: Date }> implements AsyncDisposable {
  readonly #source: Source<Row>;
  readonly #polls: () => boolean;
  readonly #connection: LogConnection;
  readonly #pump: Pump;
  readonly #stats = new FeedStats();
  #cursor: string | undefined;
  #page: { until: string; after: unknown[] } | undefined;

  constructor(
    pool: pg.Pool,
    source: Source<Row>,
    { polls = () => false, newEpoch = () => {} }: FeedOptions = {},
  ) {
    this.#source = source;
    this.#polls = polls;
    this.#connection = new LogConnection(pool, (before, after) => {
      this.#cursor = undefined;
      this.#page = undefined;
      emit("realtime:feed:epoch", { before, after });
      newEpoch();
    });
    this.#pump = new Pump({
      ...{ feed: source.name, polls },
      read: () => this.#read(),
      counted: (rows, woken) => this.#stats.read(rows, woken),
      failed: () => this.#connection.release(true),
    });
  }

  /** Resolves when the cursor stands; rejects when the log cannot be read. */
  async start(): Promise<void> {
    await this.#read();
    this.#pump.poll();
  }

  /** Something was committed: read now, or as soon as it is allowed. */
  wake(): void {
    this.#pump.wake();
  }

  /** What it has read since it was last asked. */
  stats() {
    return this.#stats.take();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pump[Symbol.asyncDispose]();
    this.#connection.release();
  }

  /** Page by page until the difference is read; how many rows it had. */
  async #read(): Promise<number> {
    let read = 0;
    do {
      const client = await this.#connection.client();
      const { rows } = await client.query<Row & Head>(this.#query());
      const [head, ...news] = rows as unknown as [Head, ...Row[]];
      // No await between these two: a row is delivered if and only if the cursor has passed it.
      this.#advance(head.upto, news);
      if (news.length > 0) this.#deliver(head, news);
      read += news.length;
    } while (this.#page && !this.#pump.stopped);
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
}
