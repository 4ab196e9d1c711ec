import pg from "pg";
import type { Contestant } from "./contestant.ts";
import { type Drain, drain } from "./drain.ts";

export type Bloat = { normal: number; bloated: number; dead: number };

/**
 * The drain without and with somebody who has opened a transaction and left it idle: nothing that is deleted from then
 * on can be vacuumed, and whoever looks for the next job may have to step over all of it.
 */
export async function bloat(contestant: Contestant, size: Drain, dead: number): Promise<Bloat> {
  const normal = await drain(contestant, size);
  await contestant.clear();
  await using idle = await holdSnapshot(contestant.databaseUrl?.() ?? "");
  await bury(contestant, dead);
  const buried = await idle.deadRows();
  return { normal, bloated: await drain(contestant, size), dead: buried };
}

/** By working them, as they come into being in life: a job leaves the row that was taken and the row that was deleted. */
async function bury(contestant: Contestant, dead: number): Promise<void> {
  const jobs = Math.ceil(dead / 2);
  await drain(contestant, { jobs, seconds: 60 }, contestant.startFastestWorker);
}

async function holdSnapshot(connectionString: string) {
  const client = new pg.Client({ connectionString });
  client.on("error", () => {});
  await client.connect();
  await client.query("begin isolation level repeatable read");
  await client.query("select from pg_class limit 1");
  return {
    /** As the statistics have them, of the table that has most. */
    async deadRows(): Promise<number> {
      const { rows } = await client.query("select max(n_dead_tup)::int as dead from pg_stat_user_tables");
      return rows[0].dead;
    },
    [Symbol.asyncDispose]: () => client.end(),
  };
}
