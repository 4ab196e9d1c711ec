import type pg from "pg";

/**
 * Names a life of the database: after a failover or a restore transaction numbers are given out again under another name.
 * The name of the log's file begins with the timeline; pg_control_checkpoint() knows a new one only after its first checkpoint.
 */
const epochQuery =
  "select system_identifier || ':' || left(pg_walfile_name(pg_current_wal_lsn()), 8) as epoch from pg_control_system()";

/** The one connection of a feed, which notices that the database has become another one. */
export class LogConnection {
  readonly #pool: pg.Pool;
  readonly #newEpoch: (before: string, after: string) => void;
  #client: pg.PoolClient | undefined;
  #epoch: string | undefined;

  /** `newEpoch`: after a failover or a restore, before the connection is used. */
  constructor(pool: pg.Pool, newEpoch: (before: string, after: string) => void) {
    this.#pool = pool;
    this.#newEpoch = newEpoch;
  }

  async client(): Promise<pg.PoolClient> {
    this.#client ??= await this.#connect();
    return this.#client;
  }

  /** `broken`: it is not to be used again. */
  release(broken = false): void {
    this.#client?.release(broken);
    this.#client = undefined;
  }

  async #connect(): Promise<pg.PoolClient> {
    const client = await this.#pool.connect();
    try {
      const before = this.#epoch;
      const { rows } = await client.query<{ epoch: string }>(epochQuery);
      const after = rows[0]?.epoch ?? "";
      this.#epoch = after;
      if (before !== undefined && before !== after) this.#newEpoch(before, after);
    } catch (error) {
      client.release(true);
      throw error;
    }
    return client;
  }
}
