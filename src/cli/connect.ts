import os from "node:os";
import pg from "pg";
import { readConfig } from "#config.ts";
import { runningEmbedded } from "#db/running.ts";
import { AppError, messageOf } from "#errors.ts";

/** The connection of a command; what it does is noted under the name of who typed it. */
export type Db = AsyncDisposable & {
  client: pg.Client;
  rows<Row extends pg.QueryResultRow>(text: string, ...values: unknown[]): Promise<Row[]>;
  /** The first column of the first row. */
  value<Value>(text: string, ...values: unknown[]): Promise<Value>;
};

/** The database of DATABASE_URL, or the embedded one if it runs; starts none. Throws AppError. */
export async function connect(): Promise<Db> {
  const { databaseUrl, dir } = readConfig();
  const url = databaseUrl ?? (await runningEmbedded(dir));
  if (url === undefined)
    throw new AppError("NotRunning", "Howdah is not running here: npm start, or set DATABASE_URL.");
  const client = new pg.Client({
    connectionString: url,
    application_name: "howdah-cli", // not "howdah:…": an embedded Postgres need not outlive Howdah for us
    connectionTimeoutMillis: 10_000,
  });
  client.on("error", () => {}); // the query that is under way throws it
  await open(client);
  const rows: Db["rows"] = async (text, ...values) => (await client.query(text, values)).rows;
  return {
    client,
    rows,
    value: async <Value>(text: string, ...values: unknown[]) =>
      Object.values((await rows(text, ...values))[0] ?? {})[0] as Value,
    [Symbol.asyncDispose]: () => client.end(),
  };
}

async function open(client: pg.Client): Promise<void> {
  try {
    await client.connect();
    await client.query("select set_config('howdah.actor', $1, false)", [`cli:${userName()}`]);
  } catch (error) {
    await client.end().catch(() => {});
    throw new AppError(
      "DatabaseUnreachable",
      `The database cannot be reached (${messageOf(error)}): check DATABASE_URL.`,
      { cause: error },
    );
  }
}

function userName(): string {
  try {
    return os.userInfo().username;
  } catch {
    return String(process.getuid?.() ?? "unknown"); // in a container, a user may have no name
  }
}
