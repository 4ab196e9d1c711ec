import { randomBytes } from "node:crypto";
import os from "node:os";
import path from "node:path";
import type pg from "pg";
import { startEmbedded } from "#db/embedded.ts";
import { migrate, schemaDigest } from "#db/migrate.ts";
import { openPool } from "#db/pool.ts";
import { codeOf } from "#errors.ts";
import { withLockFile } from "#lib/lock-file.ts";
import { publishTemplates } from "#mail/templates.ts";
import { buildIndexes, declareQueue } from "#queue/declare.ts";

export type World = AsyncDisposable & {
  databaseUrl: string;
  pool: pg.Pool;
  jwtSecret: string;
  mailToken: string;
};

const checkout = path.resolve(import.meta.dirname, "../..");
/** The cluster of the tests: outside the checkout, so that the user postgres can reach it when root runs them. */
export const testDir = testDirOf(checkout);

export function testDirOf(checkout: string): string {
  const digest = Buffer.from(checkout).toString("base64url").slice(-16);
  return path.join(os.tmpdir(), `howdah-test-${digest}`);
}

/** A fresh, migrated database of its own, cloned from a template; gone when the world is disposed. */
export async function openWorld(): Promise<World> {
  const { url } = await startTestCluster();
  const name = `world_${process.pid}_${randomBytes(4).toString("hex")}`;
  await withTemplate(url, (admin, template) =>
    admin.query(`create database ${name} template ${template} strategy wal_log`),
  );
  const databaseUrl = at(url, name);
  const pool = openPool(databaseUrl, "test");
  return {
    databaseUrl,
    pool,
    jwtSecret: "a-secret-of-the-tests-with-32-characters",
    mailToken: "sandbox-test",
    async [Symbol.asyncDispose]() {
      await pool.end();
      await withAdmin(url, (admin) => admin.query(`drop database ${name} with (force)`));
    },
  };
}

/** Starts or adopts the cluster; an external one when TEST_DATABASE_URL says so. */
export async function startTestCluster(): Promise<{ url: string; stop(): Promise<void> }> {
  const external = process.env.TEST_DATABASE_URL;
  if (external) return { url: external, stop: async () => {} };
  return startEmbedded(testDir, { fsync: "off", full_page_writes: "off", synchronous_commit: "off" });
}

/** One process at a time migrates the template and clones it: Postgres refuses to clone a database in use. */
function withTemplate(
  url: string,
  work: (admin: pg.Pool, template: string) => Promise<unknown>,
): Promise<void> {
  return withLockFile(path.join(testDir, "template.lock"), () =>
    withAdmin(url, async (admin) => {
      const template = `template_${(await schemaDigest()).slice(0, 16)}`;
      await admin.query(`create database ${template}`).catch(ignoreExisting);
      await migrateTemplate(at(url, template));
      await work(admin, template);
    }),
  );
}

function ignoreExisting(error: unknown): void {
  if (codeOf(error) !== "42P04") throw error;
}

async function migrateTemplate(url: string): Promise<void> {
  const pool = openPool(url, "template");
  try {
    await migrate(pool);
    await declareQueue(pool);
    await publishTemplates(pool, "https://school.test");
    await buildIndexes(pool);
  } finally {
    await pool.end();
  }
}

async function withAdmin(url: string, work: (admin: pg.Pool) => Promise<unknown>): Promise<void> {
  const admin = openPool(at(url, "postgres"), "admin", { max: 1 });
  try {
    await work(admin);
  } finally {
    await admin.end();
  }
}

function at(url: string, database: string): string {
  const there = new URL(url);
  there.pathname = `/${database}`;
  return there.href;
}
