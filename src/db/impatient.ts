import type pg from "pg";

/** What runs statements; a pool is one. */
export type Database = Pick<pg.Pool, "query">;

/**
 * A connection to a machine that has lost its power breaks only when TCP gives up, after a quarter of an hour, and whoever
 * waits for it is dead without knowing.
 */
const patienceMs = 20_000;

/** The same statement, which fails when it takes longer than 20 s, or `ms`; 0 is no limit. */
export function impatiently(query: pg.QueryConfig, ms = patienceMs): pg.QueryConfig {
  return Object.assign({ query_timeout: ms }, query);
}

/** The same pool; a connection whose statement took longer than 20 s, or `ms`, is closed. */
export function impatient(pool: pg.Pool, ms = patienceMs): Database {
  const query = (query: string | pg.QueryConfig, values?: unknown[]) =>
    pool.query(impatiently(typeof query === "string" ? { text: query, values: values ?? [] } : query, ms));
  return { query: query as pg.Pool["query"] };
}
