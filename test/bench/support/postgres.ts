import { chmod, mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import pg from "pg";
import { prepareCluster } from "#db/cluster.ts";
import { startEmbedded } from "#db/embedded.ts";
import { run } from "#lib/run.ts";
import type { Lifetime } from "./lifetime.ts";

export type Postgres = {
  url: string;
  /** Version and the settings that decide about durability. */
  about: string;
  createDatabase(name: string): Promise<string>;
};

/** A cluster of its own with the durability of the defaults: unlike that of the tests, it waits for the disk. */
export async function startPostgres(life: Lifetime): Promise<Postgres> {
  const dir = await mkdtemp(path.join(os.tmpdir(), "howdah-bench-postgres-"));
  await chmod(dir, 0o755);
  life.defer(() => rm(dir, { recursive: true, force: true }));
  life.defer(() => stop(dir));
  const { url } = await startEmbedded(dir);
  const admin = new pg.Pool({ connectionString: url, max: 1 });
  admin.on("error", () => {});
  life.defer(() => admin.end());
  return {
    url,
    about: await describe(admin),
    async createDatabase(name) {
      await admin.query(`create database ${name}`);
      return Object.assign(new URL(url), { pathname: `/${name}` }).href;
    },
  };
}

/** Nothing in it is worth a clean end. */
async function stop(dir: string): Promise<void> {
  const { programs, user, data } = await prepareCluster(dir);
  await run(programs.pg_ctl, ["stop", "-m", "immediate", "-w", "-t", "20", "-D", data], { user });
}

async function describe(pool: pg.Pool): Promise<string> {
  const { rows } = await pool.query(
    `select string_agg(name || ' ' || setting || coalesce(unit, ''), ', ' order by name) as settings
    from pg_settings
    where name in ('server_version', 'fsync', 'synchronous_commit', 'full_page_writes', 'shared_buffers', 'data_checksums')`,
  );
  return `PostgreSQL: ${rows[0].settings}`;
}
