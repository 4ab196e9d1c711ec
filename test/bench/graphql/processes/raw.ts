import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import pg from "pg";
import { optionsOf, serve, serverApi } from "../../realtime/processes/serve.ts";
import { type ActionName, actions } from "../actions.ts";

/** What somebody writes by hand for exactly these three requests. */
type Options = { databaseUrl: string; claims: object; secure: boolean };

const { databaseUrl, claims, secure } = optionsOf<Options>();
const settings = JSON.stringify(claims);
const pool = new pg.Pool({ connectionString: databaseUrl, max: 10 });
pool.on("connect", (client) => {
  if (!secure) client.query("select set_config('request.jwt.claims', $1, false)", [settings]);
});

const server = createServer(async (request, response) => {
  try {
    const name = (request.url ?? "").slice(1) as ActionName;
    const values = Object.values(JSON.parse(await bodyOf(request)));
    const query = { name, text: actions[name].sql, values };
    const { rows } = secure ? await inTransaction(query) : await pool.query(query);
    const body = JSON.stringify(name === "list" ? rows : rows[0]);
    response.writeHead(200, {
      "content-type": "application/json",
      "content-length": Buffer.byteLength(body),
    });
    response.end(body);
  } catch (error) {
    response.writeHead(500).end(String(error));
  }
});
server.listen(0, "127.0.0.1");
await once(server, "listening");
serve(serverApi((server.address() as AddressInfo).port));

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

async function bodyOf(request: IncomingMessage): Promise<string> {
  let body = "";
  for await (const chunk of request) body += chunk;
  return body;
}
