import { chmod, chown, mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import pg from "pg";
import { prepareCluster } from "#db/cluster.ts";
import { startEmbedded } from "#db/embedded.ts";
import { migrate } from "#db/migrate.ts";
import { openPool } from "#db/pool.ts";
import { run } from "#lib/run.ts";
import type { Lifetime } from "../../bench/support/lifetime.ts";

export type Cluster = {
  url: string;
  /** Stops it as a crash would. */
  stop(): Promise<void>;
  start(): Promise<void>;
  /** Takes no more writes, until it is promoted. */
  demote(): Promise<void>;
  promote(): Promise<void>;
  /** Stops it and puts its state aside; it has to be started again. */
  putAside(): Promise<void>;
  /** A standby that was as far behind as the state put aside takes over: another timeline, and numbers that are given out again. */
  failOver(): Promise<void>;
};

/** A migrated cluster of its own that, unlike that of the tests, waits for the disk. */
export async function startCluster(life: Lifetime): Promise<Cluster> {
  const dir = await mkdtemp(path.join(os.tmpdir(), "howdah-chaos-postgres-"));
  await chmod(dir, 0o755);
  life.defer(() => rm(dir, { recursive: true, force: true }));
  const { url } = await startEmbedded(dir);
  const { programs, user, data } = await prepareCluster(dir);
  const control = async (...args: string[]) => {
    const { code } = await run(programs.pg_ctl, [...args, "-w", "-D", data], { user, quiet: true });
    if (code !== 0) throw new Error(`pg_ctl ${args.join(" ")} failed: see ${data}/server.log.`);
  };
  const stop = () => control("stop", "-m", "immediate");
  const start = () => control("start", "-t", "60", "-l", path.join(data, "server.log"), "-o", noSocket);
  const aside = path.join(path.dirname(data), "aside");
  const copy = async (from: string, to: string) => {
    await rm(to, { recursive: true, force: true });
    await run("cp", ["-a", from, to], { quiet: true });
  };
  life.defer(() => stop().catch(() => {}));
  const pool = openPool(url, "chaos:migrate", { max: 2 });
  await migrate(pool).finally(() => pool.end());
  await keepSettings(url);
  return {
    url,
    demote: () => set(url, "default_transaction_read_only", "on"),
    promote: () => set(url, "default_transaction_read_only", "off"),
    stop,
    start,
    async putAside() {
      await control("stop", "-m", "fast");
      await copy(data, aside);
    },
    async failOver() {
      await stop();
      await copy(aside, data);
      const signal = path.join(data, "standby.signal");
      await writeFile(signal, "");
      const { uid, gid } = await stat(data);
      await chown(signal, uid, gid);
      await start();
      await control("promote");
    },
  };
}

async function set(url: string, setting: string, value: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(`alter system set ${setting} = ${value}`);
  await client.query("select pg_reload_conf()");
  await client.end();
}

/** An empty list cannot be kept by `alter system`. */
const noSocket = "-c unix_socket_directories=";

/** What the command line said, above all the port, is to hold at every start. */
async function keepSettings(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query<{ statement: string }>(
    "select format('alter system set %I = %L', name, setting) as statement from pg_settings where source = 'command line' and setting <> ''",
  );
  for (const { statement } of rows) await client.query(statement);
  await client.end();
}
