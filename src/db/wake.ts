import type pg from "pg";
import { Allowance } from "#lib/allowance.ts";
import { pause } from "#lib/pause.ts";

/** The pg channel that says "something was committed for the realtime feed". */
export const wakeChannel = "howdah_wake";

/** As many at once as it takes for a lively chat to wait for nothing; in the long run one every 5 ms. */
const burst = 20;
const restMs = 5;

/** Tells every relay that the log has grown; call it after commit. */
export type Wake = () => void;

/**
 * A NOTIFY in a transaction of its own: inside the writing transaction it would hold a cluster-wide lock over the WAL flush.
 * One is under way at a time, at most 200 a second; what is committed meanwhile is told by the next. A lost wake costs the
 * relays one poll period.
 */
export function createWake(pool: pg.Pool): Wake {
  const allowance = new Allowance(burst, burst * restMs);
  let busy = false;
  let again = false;
  async function tell(): Promise<void> {
    busy = true;
    while (again) {
      if (!allowance.take()) await pause(allowance.waitMs());
      again = false;
      await pool.query("select pg_notify($1, '')", [wakeChannel]).catch(() => {});
    }
    busy = false;
  }
  return function wake() {
    again = true;
    if (!busy) void tell();
  };
}
