import type pg from "pg";
import type { PgClient, PgClientResult, WithPgClient } from "postgraphile/@dataplan/pg";
import { makePgService } from "postgraphile/adaptors/pg";
import { Connection, type Settings, type Statement } from "./connection.ts";

/** How the API runs statements: each in a transaction that has the request's settings, on one way there and back. */
export function pgServiceOn(pool: pg.Pool, schemas: string[]): GraphileConfig.PgServiceConfiguration {
  const service = makePgService({ pool, schemas, pubsub: false });
  const adaptor = { ...service.adaptor, createWithPgClient: () => withClientOf(pool) };
  return { ...service, adaptor } as unknown as GraphileConfig.PgServiceConfiguration;
}

function withClientOf(pool: pg.Pool): WithPgClient {
  const withPgClient = async <Result>(
    settings: Settings | null,
    callback: (client: PgClient) => Result | Promise<Result>,
  ): Promise<Result> => {
    const client = await pool.connect();
    try {
      return await callback(clientFor(Connection.of(client), settings ?? {}));
    } finally {
      client.release();
    }
  };
  return Object.assign(withPgClient, { release: () => {} }) as WithPgClient;
}

function clientFor(connection: Connection, settings: Settings): PgClient {
  return {
    query: async (statement: Statement) => resultOf(await connection.runAlone(statement, settings)),
    withTransaction: (callback) => inTransaction(connection, connection.begin(settings), 1, callback),
  } as PgClient;
}

/** At depth 1 the transaction itself, below it savepoints. */
async function inTransaction<Result>(
  connection: Connection,
  begun: Promise<unknown>,
  depth: number,
  callback: (client: PgClient) => Result | Promise<Result>,
): Promise<Result> {
  const { client } = connection;
  await begun;
  try {
    const result = await callback(clientWithin(connection, depth));
    await client.query(depth === 1 ? "commit" : `release savepoint tx${depth}`);
    return result;
  } catch (error) {
    await client.query(depth === 1 ? "rollback" : `rollback to savepoint tx${depth}`).catch(() => {});
    throw error;
  }
}

function clientWithin(connection: Connection, depth: number): PgClient {
  const savepoint = `tx${depth + 1}`;
  return {
    query: async (statement: Statement) => resultOf(await connection.run(statement)),
    withTransaction: (callback) =>
      inTransaction(connection, connection.client.query(`savepoint ${savepoint}`), depth + 1, callback),
  } as PgClient;
}

function resultOf<Row>({ rows, rowCount }: pg.QueryResult): PgClientResult<Row> {
  return { rows, rowCount, notices: [] };
}
