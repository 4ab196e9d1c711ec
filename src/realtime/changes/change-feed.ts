import type pg from "pg";
import { LogConnection } from "../log-connection.ts";
import { Pump } from "../pump.ts";

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

const readTimeoutMs = 30_000;
const longestGapMs = 60 * 60_000; // a difference of hours costs more to read than the tables themselves

/** Reads the log of row changes by snapshot difference, as Feed does, on a connection of its own. */
export class ChangeFeed implements AsyncDisposable {
  readonly #options: ChangeFeedOptions;
  readonly #connection: LogConnection;
  readonly #pump: Pump;
  #cursor: string | undefined;
  #page: { until: string; after: string } | undefined;
  #asking: Promise<unknown> | undefined;
  #succeededAt = 0;

  constructor(pool: pg.Pool, options: ChangeFeedOptions) {
    this.#options = options;
    this.#connection = new LogConnection(pool, () => this.#lose());
    this.#pump = new Pump({
      ...{ feed: "changes", polls: options.polls },
      rests: () => this.#cursor === undefined,
      read: () => this.#pages(),
      failed: () => this.#failed(),
    });
  }

  wake(): void {
    this.#pump.wake();
  }

  /** Resolves when every table that is read of now is read of from here on. Rejects when the log cannot be read. */
  async settle(): Promise<void> {
    // A question that is under way may have been asked without the table, and answered of a later moment.
    await this.#asking?.catch(() => {});
    while (this.#cursor === undefined && !this.#pump.stopped) {
      await this.#pump.read();
      if (this.#cursor === undefined && this.#pump.failing)
        throw new Error("The log of changes cannot be read");
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pump[Symbol.asyncDispose]();
    this.#connection.release();
  }

  async #pages(): Promise<number> {
    let changes = 0;
    do {
      const relations = this.#options.relations();
      if (relations.length === 0) return this.#rest(changes);
      const client = await this.#connection.client();
      const answer = await this.#ask(client, relations);
      const tell = await this.#prepare(client, answer);
      // No await between these two: a change is told if and only if the cursor has passed it.
      this.#advance(answer);
      tell?.();
      changes += answer.ids.length;
    } while (this.#page && !this.#pump.stopped);
    this.#succeededAt = performance.now();
    return changes;
  }

  #rest(changes: number): number {
    this.#cursor = undefined;
    this.#page = undefined;
    this.#connection.release();
    this.#succeededAt = performance.now();
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

  #failed(): void {
    this.#connection.release(true);
    if (this.#cursor !== undefined && performance.now() - this.#succeededAt > longestGapMs) this.#lose();
  }

  #lose(): void {
    this.#cursor = undefined;
    this.#page = undefined;
    this.#options.lost();
  }
}
