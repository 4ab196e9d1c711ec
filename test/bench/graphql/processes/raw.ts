import pg from "pg";
import { optionsOf } from "../../realtime/processes/serve.ts";
import { actions } from "../actions.ts";
import { serveActions } from "./listening.ts";

/** What somebody writes by hand for exactly these three requests. */
type Options = { databaseUrl: string; claims: object; secure: boolean };

const { databaseUrl, claims, secure } = optionsOf<Options>();
const settings = JSON.stringify(claims);
const pool = new pg.Pool({ connectionString: databaseUrl, max: 10 });
pool.on("connect", (client) => {
  if (!secure) client.query("select set_config('request.jwt.claims', $1, false)", [settings]);
});

await serveActions(async (name, values) => {
  const query = { name, text: actions[name].sql, values };
  const { rows } = secure ? await inTransaction(query) : await pool.query(query);
  return name === "list" ? rows : rows[0];
});

async function inTransaction(query: pg.QueryConfig): Promise<pg.QueryResult> {
  const client = await pool.connect();
  try {
    await client.query("begin");
    await client.query({
      name: "settings",
      text: "select set_config('role', 'authenticated', true), set_config('request.jwt.claims', $1, true)",
      values: [settings],
    });
    const result = await client.query(query);
    await client.query("commit");
    return result;
  } finally {
    client.release();
  }
}
