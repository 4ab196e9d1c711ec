import { EventEmitter } from "node:events";
import pg from "pg";

/** A row of graphile-worker's job table as its fetch returns it. */
export type FetchedJob = { id: string; attempts: number };

/** Is told what fetches have locked, what was given back, and that an answer was lost. */
export type FetchWatch = {
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
  readonly #pool: pg.Pool;
  readonly #watch: FetchWatch;
  readonly #listener = Object.assign(new EventEmitter(), { query: async () => nothing });

  constructor(pool: pg.Pool, watch: FetchWatch) {
    this.#pool = pool;
    this.#watch = watch;
  }

  /** With a callback it is the connection to listen on that is asked for. */
  connect(callback?: (error: null, client: unknown, release: () => void) => void): unknown {
    if (callback) return callback(null, this.#listener, () => {});
    return Promise.resolve(new GraphileClient(this.#pool, this.#watch));
  }

  wake(jobs: number): void {
    this.#listener.emit("notification", { channel: "jobs:insert", payload: JSON.stringify({ count: jobs }) });
  }
}

const nothing = { rows: [], rowCount: 0 };

/** Four timestamps in every fetched row would be parsed, and none is read as a date. */
function withoutDates(query: string | pg.QueryConfig, name: string): pg.QueryConfig {
  return name.startsWith("get_job") ? { ...(query as pg.QueryConfig), types } : (query as pg.QueryConfig);
}

const timestamptz = 1184;
const types: pg.CustomTypesConfig = {
  getTypeParser: (oid, format) =>
    oid === timestamptz ? (text: string) => text : pg.types.getTypeParser(oid, format),
};

/** Takes a connection when it has something to send. */
class GraphileClient {
  readonly #pool: pg.Pool;
  readonly #watch: FetchWatch;
  #client: pg.PoolClient | undefined;
  #broken = false;

  constructor(pool: pg.Pool, watch: FetchWatch) {
    this.#pool = pool;
    this.#watch = watch;
  }

  async query(query: string | pg.QueryConfig, values?: unknown[]): Promise<unknown> {
    const name = typeof query === "string" ? "" : (query.name ?? "");
    if (/^(complete|fail)_job/.test(name)) return nothing;
    try {
      this.#client ??= await this.#pool.connect();
      const answer = await this.#client.query(withoutDates(query, name), values);
      if (name.startsWith("get_job")) this.#watch.fetched(answer.rows);
      if (name.startsWith("return_job"))
        this.#watch.returned((query as pg.QueryConfig).values?.[1] as string[]);
      return answer;
    } catch (error) {
      this.#broken = true;
      this.#watch.lost(error);
      throw error;
    }
  }

  release(): void {
    this.#client?.release(this.#broken);
    this.#client = undefined;
  }
}
