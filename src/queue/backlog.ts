import type pg from "pg";
import type { Place } from "#queue/order.ts";
import type { Load } from "#queue/scaling.ts";

/** What waits in these queues, and how many slots of others than this supervisor's work on it. */
export async function lookAt(
  pool: pg.Pool,
  supervisor: string,
  order?: ReadonlyMap<string, Place>,
): Promise<{ loads: Load[]; otherSlots: number }> {
  const queues = order ? [...order.keys()] : null;
  const { rows: loads } = await pool.query<Load>(
    `select queue, ready::int, oldest_seconds as "oldestSeconds", average_ms as "averageMs", concurrency,
       rate_per_second as "ratePerSecond", limited
     from queue.backlog($1)`,
    [queues],
  );
  const { rows } = await pool.query<{ slots: number }>("select queue.slots_of_others($1, $2) as slots", [
    supervisor,
    queues,
  ]);
  return { loads, otherSlots: rows[0]?.slots ?? 0 };
}
