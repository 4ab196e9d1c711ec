import type pg from "pg";

/** The pg channel that says "something was committed for the realtime feed". */
export const wakeChannel = "howdah_wake";

const restMs = 5;

/** Tells every relay that the log has grown; call it after commit. */
export type Wake = () => void;

/**
 * At once when all is quiet, and at most one NOTIFY per 5 ms, in a transaction of its own: a NOTIFY inside the writing transaction would hold a
 * cluster-wide lock over the WAL flush. A lost wake costs the relays one poll period.
 */
export function createWake(pool: pg.Pool): Wake {
  let resting = false;
  let missed = false;
  return function wake() {
    missed = resting;
    if (resting) return;
    resting = true;
    pool.query("select pg_notify($1, '')", [wakeChannel]).catch(() => {});
    setTimeout(() => {
      resting = false;
      if (missed) wake();
    }, restMs);
  };
}
