import type pg from "pg";

/** The name of the log's file begins with the timeline; pg_control_checkpoint() knows a new one only after its first checkpoint. */
const query =
  "select system_identifier || ':' || left(pg_walfile_name(pg_current_wal_lsn()), 8) as epoch from pg_control_system()";

/** Names a life of the database: after a failover or a restore, transaction numbers are given out again under another name. */
export async function readEpoch(client: pg.ClientBase): Promise<string | undefined> {
  const { rows } = await client.query<{ epoch: string }>(query);
  return rows[0]?.epoch;
}
