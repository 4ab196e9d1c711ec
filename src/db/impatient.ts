import type pg from "pg";

/** What runs statements; a pool is one. */
export type Database = Pick<pg.Pool, "query">;

/**
 * How long a statement of the machinery may take. A connection to a machine that has lost its power breaks only when TCP
 * gives up, after a quarter of an hour, and whoever waits for it is dead without knowing.
 */
export const patienceMs = 20_000;

/** The same pool, whose statements fail when they take longer than that; their connections are closed. */
export function impatient(pool: pg.Pool): Database {
  const query = (query: string | pg.QueryConfig, values?: unknown[]) =>
    pool.query({
      ...(typeof query === "string" ? { text: query, values } : query),
      query_timeout: patienceMs,
    } as pg.QueryConfig);
  return { query: query as pg.Pool["query"] };
}
