import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { runMigrations } from "graphile-worker";
import type pg from "pg";
import { AppError, codeOf, messageOf } from "#errors.ts";
import { emit } from "#telemetry.ts";

const folder = path.resolve(import.meta.dirname, "../../db");
const oldestServer = 150_000;
const lockKey = 4_701_646; // any number, the same in every Howdah

type SqlFile = { name: string; text: string; hash: string };

/**
 * Brings the database up to date: migrations, graphile-worker's own, then all of db/logic when any of it changed.
 * Any number of processes may call it at once. Throws AppError with one sentence that says what to do.
 */
export async function migrate(pool: pg.Pool): Promise<void> {
  const since = performance.now();
  try {
    await holdingLock(pool, async () => {
      const migrations = await onClient(pool, applyMigrations);
      await runMigrations({ pgPool: pool });
      const logic = await onClient(pool, applyLogic);
      emit("database:migrated", { migrations, logic, ms: performance.now() - since });
    });
  } catch (error) {
    throw explain(error);
  }
}

/** A digest of everything under db/: two databases with the same one have the same shape. */
export async function schemaDigest(): Promise<string> {
  const files = [...(await sqlFiles("migrations")), ...(await sqlFiles("logic"))];
  return digest(files.map((file) => file.hash).join());
}

async function connect(pool: pg.Pool): Promise<pg.PoolClient> {
  return pool.connect().catch((error: unknown) => {
    throw new AppError("DatabaseUnreachable", `${unreachable(error)}: check DATABASE_URL.`, { cause: error });
  });
}

function unreachable(error: unknown): string {
  switch (codeOf(error)) {
    case "ECONNREFUSED":
      return "No Postgres answers at the address of the database";
    case "28P01":
    case "28000":
      return "Postgres refuses the user or the password";
    case "3D000":
      return "That database does not exist";
    default:
      return `The database cannot be reached (${messageOf(error)})`;
  }
}

async function requireServer(client: pg.ClientBase): Promise<void> {
  const { rows } = await client.query<{ number: number; name: string; encoding: string }>(
    `select current_setting('server_version_num')::int as number, current_setting('server_version') as name,
       current_setting('server_encoding') as encoding`,
  );
  const { number = 0, name, encoding } = rows[0] ?? {};
  if (number < oldestServer)
    throw new AppError(
      "DatabaseTooOld",
      `This database is PostgreSQL ${name}; Howdah needs 15 or newer: upgrade it, or point DATABASE_URL at a newer one.`,
    );
  if (encoding !== "UTF8")
    throw new AppError(
      "DatabaseNotUtf8",
      `The encoding of this database is ${encoding}; Howdah needs UTF8: create database howdah encoding 'UTF8' template template0, and point DATABASE_URL at it.`,
    );
}

/**
 * One process at a time. The lock is a transaction's and on a connection of its own, because a pooler in transaction mode would
 * keep a session's for whoever comes next. It is polled for: waiting in Postgres holds a snapshot, which deadlocks with
 * concurrent index builds.
 */
async function holdingLock(pool: pg.Pool, work: () => Promise<void>): Promise<void> {
  const client = await connect(pool);
  try {
    await requireServer(client);
    await client.query("begin; set local idle_in_transaction_session_timeout = 0");
    while (!(await tryLock(client))) await sleep(50);
    await work();
  } finally {
    client.release(true); // its end is what releases the lock, even after an error
  }
}

async function tryLock(client: pg.ClientBase): Promise<boolean> {
  const { rows } = await client.query<{ taken: boolean }>("select pg_try_advisory_xact_lock($1) as taken", [
    lockKey,
  ]);
  return rows[0]?.taken ?? false;
}

async function onClient<Result>(
  pool: pg.Pool,
  work: (client: pg.ClientBase) => Promise<Result>,
): Promise<Result> {
  const client = await pool.connect();
  try {
    return await work(client);
  } finally {
    client.release();
  }
}

async function applyMigrations(client: pg.ClientBase): Promise<number> {
  const files = await sqlFiles("migrations");
  const applied = await appliedMigrations(client);
  for (const file of files) refuseEdited(file, applied.get(file.name));
  const pending = files.filter((file) => !applied.has(file.name));
  for (const file of pending) {
    await applyFiles(client, [file], () =>
      client.query("insert into howdah.migrations (name, hash) values ($1, $2)", [file.name, file.hash]),
    );
  }
  return pending.length;
}

async function appliedMigrations(client: pg.ClientBase): Promise<Map<string, string>> {
  await client.query(`
    create schema if not exists howdah;
    create table if not exists howdah.migrations (name text primary key, hash text not null, applied_at timestamptz not null default now());
    create table if not exists howdah.logic (hash text primary key, applied_at timestamptz not null default now());
    alter table howdah.migrations enable row level security;
    alter table howdah.logic enable row level security;`);
  const { rows } = await client.query<{ name: string; hash: string }>(
    "select name, hash from howdah.migrations",
  );
  return new Map(rows.map(({ name, hash }) => [name, hash]));
}

function refuseEdited(file: SqlFile, appliedHash: string | undefined): void {
  if (appliedHash === undefined || appliedHash === file.hash) return;
  throw new AppError(
    "MigrationEdited",
    `migration ${file.name} was edited after it ran: restore it and write a new one.`,
  );
}

async function applyLogic(client: pg.ClientBase): Promise<boolean> {
  const files = await sqlFiles("logic");
  const hash = digest(files.map((file) => file.hash).join());
  const { rowCount } = await client.query("select from howdah.logic where hash = $1", [hash]);
  if (rowCount) return false;
  await applyFiles(client, files, () =>
    client.query("with old as (delete from howdah.logic) insert into howdah.logic (hash) values ($1)", [
      hash,
    ]),
  );
  return true;
}

async function applyFiles(
  client: pg.ClientBase,
  files: SqlFile[],
  record: () => Promise<unknown>,
): Promise<void> {
  let current = "";
  await client.query("begin");
  try {
    for (const file of files) {
      current = file.name;
      await client.query(file.text);
    }
    await record();
    await client.query("commit");
  } catch (error) {
    await client.query("rollback");
    throw new AppError(codeOf(error) ?? "MigrationFailed", `${current}: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

async function sqlFiles(kind: "migrations" | "logic"): Promise<SqlFile[]> {
  const names = (await readdir(path.join(folder, kind))).filter((name) => name.endsWith(".sql")).sort();
  return Promise.all(
    names.map(async (name) => {
      const text = await readFile(path.join(folder, kind, name), "utf8");
      return { name, text, hash: digest(text) };
    }),
  );
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

function explain(error: unknown): unknown {
  if (codeOf(error) !== "42501") return error;
  return new AppError(
    "MissingRight",
    `The database user lacks a right (${messageOf(error)}): use the owner of the database with the right to create roles, or let a superuser run db/migrations/0001_roles.sql there and grant anon, authenticated, service_role and howdah_api to that owner.`,
    { cause: error },
  );
}
