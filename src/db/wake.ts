import type pg from "pg";
import { Allowance } from "#lib/allowance.ts";
import { pause } from "#lib/pause.ts";

/** The pg channel that says "something was committed for the realtime feed". */
export const wakeChannel = "howdah_wake";

/** How a transaction's messages are announced, as the Postgres setting realtime.wake has it. */
export type WakeBy = "commit" | "caller";

/**
 * Tells every relay that the log has grown. Before a transaction ask `by()` and hand that on as realtime.wake; if it was
 * "caller", call `wake()` after the commit.
 */
export type Wake = (() => void) & { by(): WakeBy };

/** Commits that may announce themselves: what a lively chat has. More are a storm, which is over a second after. */
const calm = { burst: 40, ms: 100 };
const stormMs = 1000;
/** After the commit: one NOTIFY every 5 ms, or every 10 when more than 8 commits wait for it. */
const rest = { burst: 20, ms: 100, crowd: 8, crowdMs: 10 };

/**
 * While all is calm the writing transaction announces itself, which reaches the relays soonest. But a NOTIFY holds a
 * cluster-wide lock over the WAL flush, so that in a storm writers would queue up behind one another: they then announce in
 * transactions of their own, one at a time, which wait for no flush. A lost wake costs the relays one poll period.
 */
export function createWake(pool: pg.Pool): Wake {
  const [calmly, told] = [new Allowance(calm.burst, calm.ms), new Allowance(rest.burst, rest.ms)];
  let stormUntil = 0;
  let telling = false;
  let commits = 0;

  function by(): WakeBy {
    const now = performance.now();
    if (!calmly.take()) stormUntil = now + stormMs;
    return now < stormUntil ? "caller" : "commit";
  }

  async function tell(): Promise<void> {
    telling = true;
    while (commits > 0) {
      if (commits > rest.crowd) await pause(rest.crowdMs);
      else await told.taken();
      commits = 0;
      await pool.query("select pg_notify($1, '')", [wakeChannel]).catch(() => {});
    }
    telling = false;
  }

  function wake(): void {
    commits++;
    if (!telling) void tell();
  }

  return Object.assign(wake, { by });
}
