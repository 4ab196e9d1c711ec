import { emit } from "#telemetry.ts";
import type { Queryable } from "./database.ts";

/**
 * Runs mail.sweep() now and every 30 s: leases that ran out, letters that expired, and the bells that nobody heard.
 * Cheap and safe in every process. Ends by `Symbol.asyncDispose`, which waits for a sweep in hand.
 */
export function startSweeper(
  db: Queryable,
  { everyMs = 30_000 }: { everyMs?: number } = {},
): AsyncDisposable {
  let running = sweep(db);
  const timer = setInterval(() => {
    running = running.then(() => sweep(db));
  }, everyMs);
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await running;
    },
  };
}

async function sweep(db: Queryable): Promise<void> {
  try {
    const { rows } = await db.query("select leases_lost, expired from mail.sweep()", []);
    const { leases_lost: leasesLost, expired } = rows[0] as { leases_lost: number; expired: number };
    if (leasesLost > 0 || expired > 0) emit("mail:swept", { leasesLost, expired });
  } catch (error) {
    emit("mail:sweep-failed", { error });
  }
}
