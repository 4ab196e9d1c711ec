import { EventEmitter } from "node:events";
import pg from "pg";
import type { Database } from "#db/impatient.ts";
import { insist } from "#db/insist.ts";
import { messageOf } from "#errors.ts";

/** A row of graphile-worker's job table as its fetch returns it. */
export type FetchedJob = { id: string; attempts: number };

/** Is told what fetches have locked, what was given back, and that an answer was lost. */
export type FetchWatch = {
  /** Whether others know whose jobs these would be: until then nothing is fetched. */
  entered(): boolean;
  /** Nothing is waited for any more. */
  givenUp: AbortSignal;
  fetched(jobs: FetchedJob[]): void;
  returned(jobIds: string[]): void;
  lost(error: unknown): void;
};

/**
 * A pool of connections as graphile-worker sees it; `wake` is what a NOTIFY would be to it.
 *
 * graphile-worker never completes or fails a job itself: it would delete by id without asking who holds the job, would not
 * wait for it, and would end its whole pool when that breaks. We do that, fenced; its own statements are answered here
 * and go nowhere. And it does not listen itself: a process keeps one listening connection, not one for each queue.
 */
export class GraphilePool {
  readonly #pool: Database;
  readonly #watch: FetchWatch;
  readonly #listener = Object.assign(new EventEmitter(), { query: async () => nothing });
  readonly #returning = new Set<Promise<void>>();

  constructor(pool: Database, watch: FetchWatch) {
    this.#pool = pool;
    this.#watch = watch;
  }

  /** With a callback it is the connection to listen on that is asked for. */
  connect(callback?: (error: null, client: unknown, release: () => void) => void): unknown {
    if (callback) return callback(null, this.#listener, () => {});
    return Promise.resolve(new GraphileClient(this.#pool, this.#watch, (query) => this.#giveBack(query)));
  }

  /** Resolves when all that was to be given back is; graphile-worker does not wait for it. */
  async returned(): Promise<void> {
    await Promise.all(this.#returning);
  }

  wake(jobs: number): void {
    this.#listener.emit("notification", { channel: "jobs:insert", payload: JSON.stringify({ count: jobs }) });
  }

  #giveBack(query: pg.QueryConfig): Promise<void> {
    const returning = this.#insistOn(query).finally(() => this.#returning.delete(returning));
    this.#returning.add(returning);
    return returning;
  }

  /** Never fails: that would be an unhandled rejection within graphile-worker, and the end of this process. */
  async #insistOn(query: pg.QueryConfig): Promise<void> {
    try {
      await insist(() => this.#pool.query(query), this.#watch.givenUp);
      this.#watch.returned(query.values?.[1] as string[]);
    } catch (error) {
      this.#watch.lost(error);
    }
  }
}

const nothing = { rows: [], rowCount: 0 };

const timestamptz = 1184;
/** Four timestamps in every fetched row would be parsed, and none is read as a date. */
const types: pg.CustomTypesConfig = {
  getTypeParser: (oid, format) =>
    oid === timestamptz ? (text: string) => text : pg.types.getTypeParser(oid, format),
};

/** Takes a connection for each statement; graphile-worker has no transactions. */
class GraphileClient {
  readonly #pool: Database;
  readonly #watch: FetchWatch;
  readonly #giveBack: (query: pg.QueryConfig) => Promise<void>;

  constructor(pool: Database, watch: FetchWatch, giveBack: (query: pg.QueryConfig) => Promise<void>) {
    this.#pool = pool;
    this.#watch = watch;
    this.#giveBack = giveBack;
  }

  async query(query: string | pg.QueryConfig, values?: unknown[]): Promise<unknown> {
    const name = typeof query === "string" ? "" : (query.name ?? "");
    if (/^(complete|fail)_job/.test(name)) return nothing;
    if (name.startsWith("get_job")) return this.#fetch(query as pg.QueryConfig);
    if (name.startsWith("return_job")) {
      await this.#giveBack(query as pg.QueryConfig);
      return nothing;
    }
    // Such as the ids of its tasks: a failure would be remembered, and the pool would never fetch again.
    return insist(() => this.#pool.query(query as pg.QueryConfig, values), this.#watch.givenUp);
  }

  release(): void {}

  async #fetch(query: pg.QueryConfig): Promise<unknown> {
    if (!this.#watch.entered()) return nothing;
    try {
      const answer = await this.#pool.query({ ...query, types });
      this.#watch.fetched(answer.rows);
      return answer;
    } catch (error) {
      this.#watch.lost(error);
      // Without its code: for some, graphile-worker would wait two minutes before it fetches again.
      throw new Error(`Nothing could be fetched: ${messageOf(error)}`, { cause: error });
    }
  }
}
