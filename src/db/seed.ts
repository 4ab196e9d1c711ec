import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import type pg from "pg";

const folder = path.resolve(import.meta.dirname, "../../db/seeds");

/** Puts the demo school into an empty database; touches nothing once there is a person. Returns whether it did. */
export async function seed(pool: pg.Pool): Promise<boolean> {
  const client = await pool.connect();
  try {
    await client.query("begin");
    await client.query("lock table app.people in share row exclusive mode"); // two starts at once seed once
    const { rowCount } = await client.query("select from app.people limit 1");
    if (!rowCount) for (const text of await seeds()) await client.query(text);
    await client.query("commit");
    return !rowCount;
  } catch (error) {
    await client.query("rollback");
    throw error;
  } finally {
    client.release();
  }
}

/** In the order of their names; a file per noun, so that a noun can go without a trace. */
async function seeds(): Promise<string[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith(".sql")).sort();
  return Promise.all(names.map((name) => readFile(path.join(folder, name), "utf8")));
}
