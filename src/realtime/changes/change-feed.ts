import type pg from "pg";
import { emit } from "#telemetry.ts";
import { readEpoch } from "../epoch.ts";

/** A page of the log: changes in the order of their ids, with the oid of each one's table. */
export type Page = { ids: string[]; relations: number[]; earliest: string; latest: string };

export type ChangeFeedOptions = {
  /** The tables to read of; while there is none the feed rests and has no cursor. */
  relations(): number[];
  /** How many changes a page may have at most. */
  most(): number;
  /** Finds out who is to be told what; the function it resolves with tells them. */
  prepare(client: pg.ClientBase, page: Page): Promise<() => void>;
  /** The log cannot be followed any further: the database is another one, or was away for too long. */
  lost(): void;
  /** Whether nobody will ever wake it, and its connection is a pooler's. */
  polls(): boolean;
};

type Answer = {
  upto: string;
  ids: string[];
  relation_of: string[];
  earliest: string;
  latest: string;
  more: boolean;
};

const pollMs = { besideWakes: 250, alone: 100 };
const gatherMs = 2;
const readTimeoutMs = 30_000;
const longestGapMs = 60 * 60_000; // a difference of hours costs more to read than the tables themselves

/** Reads the log of row changes by snapshot difference, as Feed does, on a connection of its own. */
export class ChangeFeed implements AsyncDisposable {
  readonly #pool: pg.Pool;
  readonly #options: ChangeFeedOptions;
  #client: pg.PoolClient | undefined;
  #epoch: string | undefined;
  #cursor: string | undefined;
  #page: { until: string; after: string } | undefined;
  #asking: Promise<unknown> | undefined;
  #reading: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #woken = false;
  #failures = 0;
  #readAt = 0;
  #succeededAt = 0;
  #stopped = false;

  constructor(pool: pg.Pool, options: ChangeFeedOptions) {
    this.#pool = pool;
    this.#options = options;
  }

  wake(): void {
    this.#woken = true;
    if (!this.#reading && this.#cursor !== undefined) this.#schedule(this.#gatherMs());
  }

  /** Resolves when every table that is read of now is read of from here on. Rejects when the log cannot be read. */
  async settle(): Promise<void> {
    // A question that is under way may have been asked without the table, and answered of a later moment.
    await this.#asking?.catch(() => {});
    while (this.#cursor === undefined && !this.#stopped) {
      await (this.#reading ?? this.#read());
      if (this.#cursor === undefined && this.#failures > 0)
        throw new Error("The log of changes cannot be read");
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#reading;
    this.#client?.release();
    this.#client = undefined;
  }

  #schedule(ms: number): void {
    clearTimeout(this.#timer);
    if (!this.#stopped) this.#timer = setTimeout(() => void this.#read(), ms);
  }

  #read(): Promise<void> {
    clearTimeout(this.#timer);
    this.#reading ??= this.#readOnce().finally(() => {
      this.#reading = undefined;
      if (this.#cursor !== undefined || this.#failures > 0) this.#schedule(this.#pauseMs());
    });
    return this.#reading;
  }

  #pauseMs(): number {
    if (this.#failures > 0) return Math.min(10 * 2 ** this.#failures, 1000);
    if (this.#woken) return this.#gatherMs();
    return this.#options.polls() ? pollMs.alone : pollMs.besideWakes;
  }

  #gatherMs(): number {
    return Math.max(0, this.#readAt + gatherMs - performance.now());
  }

  async #readOnce(): Promise<void> {
    const woken = this.#woken;
    this.#woken = false;
    this.#readAt = performance.now();
    try {
      const messages = await this.#pages();
      this.#failures = 0;
      this.#succeededAt = performance.now();
      const ms = this.#succeededAt - this.#readAt;
      if (messages > 0) emit("realtime:feed:read", { feed: "changes", messages, woken, ms });
    } catch (error) {
      this.#failures += 1;
      this.#client?.release(true);
      this.#client = undefined;
      emit("realtime:feed:failed", { feed: "changes", error });
      if (this.#cursor !== undefined && performance.now() - this.#succeededAt > longestGapMs) this.#lose();
    }
  }

  async #pages(): Promise<number> {
    let changes = 0;
    do {
      const relations = this.#options.relations();
      if (relations.length === 0) return this.#rest(changes);
      this.#client ??= await this.#connect();
      const answer = await this.#ask(this.#client, relations);
      const tell = await this.#prepare(this.#client, answer);
      // No await between these two: a change is told if and only if the cursor has passed it.
      this.#advance(answer);
      tell?.();
      changes += answer.ids.length;
    } while (this.#page && !this.#stopped);
    return changes;
  }

  #rest(changes: number): number {
    this.#cursor = undefined;
    this.#page = undefined;
    this.#client?.release();
    this.#client = undefined;
    return changes;
  }

  async #ask(client: pg.ClientBase, relations: number[]): Promise<Answer> {
    const { until, after } = this.#page ?? {};
    const query = {
      // A transaction pooler would look for a prepared statement on another connection.
      ...(this.#options.polls() ? {} : { name: "feed changes" }),
      text: "select * from realtime.feed_changes($1, $2, $3, $4, $5)",
      values: [this.#cursor, relations, this.#options.most(), until, after],
    };
    // The time limit is there for a half-open connection, which neither answers nor fails.
    const asking = client.query<Answer>(Object.assign(query, { query_timeout: readTimeoutMs }));
    this.#asking = asking;
    const { rows } = await asking;
    return rows[0] as Answer;
  }

  #prepare(client: pg.ClientBase, { ids, relation_of, earliest, latest }: Answer) {
    if (ids.length === 0) return undefined;
    return this.#options.prepare(client, { ids, relations: relation_of.map(Number), earliest, latest });
  }

  #advance({ upto, ids, more }: Answer): void {
    const after = ids.at(-1);
    if (more && after !== undefined) this.#page = { until: upto, after };
    else {
      this.#page = undefined;
      this.#cursor = upto;
    }
  }

  async #connect(): Promise<pg.PoolClient> {
    const client = await this.#pool.connect();
    try {
      const before = this.#epoch;
      this.#epoch = await readEpoch(client);
      if (before !== undefined && before !== this.#epoch) this.#lose();
    } catch (error) {
      client.release(true);
      throw error;
    }
    return client;
  }

  #lose(): void {
    this.#cursor = undefined;
    this.#page = undefined;
    this.#options.lost();
  }
}
