import type pg from "pg";

/** The pg channel that says "something was committed for the realtime feed". */
export const wakeChannel = "howdah_wake";

const gatherMs = 5;

/** Tells every relay that the log has grown; call it after commit. */
export type Wake = () => void;

/**
 * At most one NOTIFY per 5 ms, in a transaction of its own: a NOTIFY inside the writing transaction would hold a
 * cluster-wide lock over the WAL flush. A lost wake costs the relays one poll period.
 */
export function createWake(pool: pg.Pool): Wake {
  let gathering = false;
  return () => {
    if (gathering) return;
    gathering = true;
    setTimeout(() => {
      gathering = false;
      pool.query("select pg_notify($1, '')", [wakeChannel]).catch(() => {});
    }, gatherMs);
  };
}
