import { Kysely, PostgresDialect } from "kysely";
import type pg from "pg";
import type { DB } from "#db/types.ts";

export type Database = Kysely<DB>;

/** The typed database over one of our pools; ending the pool stays its owner's work. */
export function kyselyOn(pool: pg.Pool): Database {
  return new Kysely<DB>({ dialect: new PostgresDialect({ pool }) });
}
