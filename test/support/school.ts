import type pg from "pg";

/** Makes a class as an operator does by SQL, and returns a sign-in token of its owner. */
export async function openClass(
  pool: pg.Pool,
  name: string,
  address: string,
  owner: string,
): Promise<string> {
  await pool.query("select app.create_class($1, $2, $3)", [name, address, owner]);
  const { rows } = await pool.query<{ token: string }>("select app.create_sign_in_link($1::text) as token", [
    address,
  ]);
  return rows[0]?.token ?? "";
}
