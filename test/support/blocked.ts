import type pg from "pg";
import { until } from "./wait.ts";

/** Waits until a statement in the pool's database waits for the lock of another. */
export function untilBlocked(pool: pg.Pool): Promise<void> {
  return until(async () => {
    const { rows } = await pool.query(
      "select from pg_stat_activity where datname = current_database() and cardinality(pg_blocking_pids(pid)) > 0",
    );
    return rows.length > 0;
  });
}
