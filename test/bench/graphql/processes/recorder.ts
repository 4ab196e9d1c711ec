import pg from "pg";

export type Statement = { text: string; name?: string; values?: unknown[]; rowMode?: string };

/** What `request` makes the API send to Postgres. */
export async function record(request: () => Promise<unknown>): Promise<Statement[]> {
  const client = pg.Client.prototype as unknown as { query: Query };
  const { query } = client;
  const statements: Statement[] = [];
  client.query = function (statement, ...more) {
    if ("pipeline" in this) statements.push(typeof statement === "string" ? { text: statement } : statement);
    return query.call(this, statement, ...more);
  };
  await request().finally(() => {
    client.query = query;
  });
  return statements.map(({ text, name, values, rowMode }) => ({ text, name, values, rowMode }) as Statement);
}

/** Only the connections of the API have a pipeline. */
type Query = (this: object, statement: string | Statement, ...more: unknown[]) => unknown;
