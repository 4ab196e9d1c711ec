import { mkdirSync } from "node:fs";
import path from "node:path";
import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";
import { AppError } from "#errors.ts";
import { schema, schemaVersion } from "./schema.ts";

export type Value = SQLInputValue;

/** The mailbox's own database, and nobody else's: what is committed stays, whatever becomes of the process. */
export type Store = Disposable & {
  run(sql: string, ...values: Value[]): { changes: number; id: number };
  get<Row>(sql: string, ...values: Value[]): Row | undefined;
  all<Row>(sql: string, ...values: Value[]): Row[];
  /** All or nothing; inside of another one, part of it. */
  transaction<Result>(work: () => Result): Result;
};

/** `file` may be ":memory:". Throws AppError `MailboxFile` when another version of the mailbox wrote it. */
export function openStore(file: string): Store {
  if (file !== ":memory:") mkdirSync(path.dirname(file), { recursive: true });
  const database = new DatabaseSync(file);
  prepareDatabase(database, file);
  return storeOn(database);
}

function prepareDatabase(database: DatabaseSync, file: string): void {
  database.exec("pragma journal_mode = wal; pragma synchronous = normal; pragma foreign_keys = on");
  database.exec("pragma busy_timeout = 5000; pragma cache_size = -32000; pragma wal_autocheckpoint = 4000");
  const version = Number(database.prepare("pragma user_version").get()?.user_version);
  if (version === 0) database.exec(`begin; ${schema} pragma user_version = ${schemaVersion}; commit`);
  else if (version !== schemaVersion)
    throw new AppError(
      "MailboxFile",
      `${file} is of another version of the mailbox: delete it to begin anew.`,
    );
}

function storeOn(database: DatabaseSync): Store {
  const statements = new Map<string, StatementSync>();
  const prepared = (sql: string): StatementSync => {
    const known = statements.get(sql);
    if (known) return known;
    const statement = database.prepare(sql);
    statements.set(sql, statement);
    return statement;
  };
  return {
    run: (sql, ...values) => {
      const { changes, lastInsertRowid } = prepared(sql).run(...values);
      return { changes: Number(changes), id: Number(lastInsertRowid) };
    },
    get: <Row>(sql: string, ...values: Value[]) => prepared(sql).get(...values) as Row | undefined,
    all: <Row>(sql: string, ...values: Value[]) => prepared(sql).all(...values) as Row[],
    transaction: (work) => (database.isTransaction ? work() : inTransaction(database, work)),
    [Symbol.dispose]: () => database.close(),
  };
}

function inTransaction<Result>(database: DatabaseSync, work: () => Result): Result {
  database.exec("begin immediate");
  try {
    const result = work();
    database.exec("commit");
    return result;
  } catch (error) {
    if (database.isTransaction) database.exec("rollback");
    throw error;
  }
}
