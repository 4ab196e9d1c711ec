import pg from "pg";
import type { Arena } from "../contestant.ts";

/** The database of a contestant that keeps its jobs in Postgres, with a table for the caller's own work. */
export type Store = {
  url: string;
  pool: pg.Pool;
  inTransaction(work: (client: pg.PoolClient) => Promise<unknown>): Promise<void>;
  /** Empties the tables; the checkpoint makes measurements begin alike. */
  truncate(...tables: string[]): Promise<void>;
  analyze(): Promise<unknown>;
  /** Whether the condition holds for no row. */
  none(from: string): Promise<boolean>;
};

export async function openStore({ life, postgres }: Arena, name: string): Promise<Store> {
  const url = await postgres.createDatabase(`bench_${name}`);
  const pool = new pg.Pool({ connectionString: url, max: 10, application_name: "bench" });
  pool.on("error", () => {});
  pool.on("connect", (client) => client.on("error", () => {}));
  life.defer(() => pool.end());
  await pool.query("create table orders (id bigint generated always as identity primary key, note text)");
  return {
    url,
    pool,
    inTransaction: (work) => inTransaction(pool, work),
    async truncate(...tables) {
      await pool.query(`truncate ${tables.join(", ")} cascade`);
      await pool.query("checkpoint");
    },
    analyze: () => pool.query("analyze"),
    async none(from) {
      const { rows } = await pool.query(`select not exists (select from ${from}) as none`);
      return rows[0].none;
    },
  };
}

async function inTransaction(
  pool: pg.Pool,
  work: (client: pg.PoolClient) => Promise<unknown>,
): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query("begin");
    await client.query({ name: "order", text: "insert into orders (note) values ($1)", values: ["bench"] });
    await work(client);
    await client.query("commit");
  } finally {
    client.release();
  }
}
