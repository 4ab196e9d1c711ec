import type pg from "pg";
import { openPool } from "#db/pool.ts";
import { session } from "#graphql/postgres/connection.ts";
import { optionsOf } from "../../realtime/processes/serve.ts";
import type { ActionName } from "../actions.ts";
import { serveActions } from "./listening.ts";
import type { Statement } from "./recorder.ts";

/** Howdah's own statements, as they were recorded, with other values; sent as Howdah sends them, on one way there and back. */
type Options = { databaseUrl: string; recorded: Record<ActionName, [Statement, Statement, Statement]> };

type Pipelined = pg.PoolClient & {
  pipeline: boolean;
  connection: { stream: { cork(): void; uncork(): void } };
};

const { databaseUrl, recorded } = optionsOf<Options>();
const pool = openPool(databaseUrl, "same", { max: 10, role: "howdah_api" });
pool.on("connect", (client) => {
  Object.assign(client, { pipeline: true }).query(session);
});

await serveActions(async (name, values) => {
  const [begin, statement, commit] = recorded[name];
  const client = (await pool.connect()) as Pipelined;
  const { stream } = client.connection;
  try {
    stream.cork();
    const answers = [begin, { ...statement, values }, commit].map((each) => client.query(each));
    stream.uncork();
    return (await Promise.all(answers))[1]?.rows;
  } finally {
    client.release();
  }
});
