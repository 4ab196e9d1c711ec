import type { Database } from "#db/impatient.ts";
import type { QueuePool } from "#queue/pool.ts";
import { emit } from "#telemetry.ts";

/**
 * Unlocks rows that a fetch locked and whose answer was lost. A row is given back when it was unknown to its pool twice,
 * one beat apart: the answer to a fetch may be on its way.
 */
export class LostRows {
  readonly #db: Database;
  #unknown: ReadonlySet<string> = new Set();

  constructor(db: Database) {
    this.#db = db;
  }

  /** Called once a beat; a pool is suspect until none of its rows is unknown to it. */
  async release(pools: readonly QueuePool[]): Promise<void> {
    const unknown = new Set<string>();
    for (const pool of pools) {
      if (!pool.suspect) continue;
      const ids = await this.#unknownTo(pool);
      const lost = ids.filter((id) => this.#unknown.has(id));
      if (lost.length > 0) await this.#unlock(pool, lost);
      for (const id of ids) if (!lost.includes(id)) unknown.add(id);
      pool.suspect = ids.length > 0;
    }
    this.#unknown = unknown;
  }

  async #unknownTo(pool: QueuePool): Promise<string[]> {
    const { rows } = await this.#db.query<{ ids: string[] }>("select queue.held_by($1) as ids", [pool.id]);
    return (rows[0]?.ids ?? []).filter((id) => !pool.held.has(id));
  }

  async #unlock(pool: QueuePool, ids: string[]): Promise<void> {
    await this.#db.query("select queue.release_lost($1, $2)", [pool.id, ids]);
    emit("worker:released-lost", { queue: pool.queue, jobs: ids.length });
    pool.wake(ids.length);
  }
}
