import { chmod, mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { prepareCluster } from "#db/cluster.ts";
import { startEmbedded } from "#db/embedded.ts";
import { migrate } from "#db/migrate.ts";
import { openPool } from "#db/pool.ts";
import { pause } from "#lib/pause.ts";
import { run } from "#lib/run.ts";
import type { Lifetime } from "../../bench/support/lifetime.ts";

export type Cluster = {
  url: string;
  dir: string;
  /** Stops it without a shutdown, as a crash does, and starts it again on the same port after `awayMs`. */
  crash(awayMs: number): Promise<void>;
};

/** A cluster of its own with the durability of the defaults, migrated. */
export async function startCluster(life: Lifetime): Promise<Cluster> {
  const dir = await mkdtemp(path.join(os.tmpdir(), "howdah-chaos-"));
  await chmod(dir, 0o755);
  life.defer(() => rm(dir, { recursive: true, force: true }));
  const { url } = await startEmbedded(dir);
  const { programs, user, data } = await prepareCluster(dir);
  const control = async (...args: string[]) => {
    const { code } = await run(programs.pg_ctl, [...args, "-D", data], { user, quiet: true });
    if (code !== 0) throw new Error(`pg_ctl ${args.join(" ")} failed: see ${data}/server.log`);
  };
  life.defer(() => control("stop", "-m", "immediate", "-w").catch(() => {}));
  const pool = openPool(url, "chaos-migrate", { max: 2 });
  await migrate(pool).finally(() => pool.end());
  const { port } = new URL(url);
  const { fixed } = { fixed: await optionsOf(data) };
  return {
    url,
    dir,
    async crash(awayMs) {
      await control("stop", "-m", "immediate", "-w");
      await pause(awayMs);
      await control("start", "-w", "-t", "60", "-l", path.join(data, "server.log"), "-o", fixed ?? `-p ${port}`);
    },
  };
}
