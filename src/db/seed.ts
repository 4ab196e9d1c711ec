import { readFile } from "node:fs/promises";
import path from "node:path";
import type pg from "pg";

const file = path.resolve(import.meta.dirname, "../../db/seeds.sql");

/** Puts the demo school into an empty database; touches nothing once there is a person. Returns whether it did. */
export async function seed(pool: pg.Pool): Promise<boolean> {
  const client = await pool.connect();
  try {
    await client.query("begin");
    await client.query("lock table app.people in share row exclusive mode"); // two starts at once seed once
    const { rowCount } = await client.query("select from app.people limit 1");
    if (!rowCount) await client.query(await readFile(file, "utf8"));
    await client.query("commit");
    return !rowCount;
  } catch (error) {
    await client.query("rollback");
    throw error;
  } finally {
    client.release();
  }
}
