import os from "node:os";
import path from "node:path";
import type { Lifetime } from "../../bench/support/lifetime.ts";
import { type Cluster, startCluster } from "./cluster.ts";
import * as phases from "./phases.ts";
import { openScene, type Scene, settle } from "./scene.ts";
import { type Phase, readSettings, type Settings } from "./settings.ts";
import { judge, printVerdict } from "./verdict.ts";

/** `npm run chaos -- queue`: kills, terminations, restarts and stops under load; true when nothing was lost by any. */
export async function run(args: string[], life: Lifetime): Promise<boolean> {
  const settings = readSettings(args);
  const cluster = await startCluster(life);
  const log = path.join(os.tmpdir(), `howdah-chaos-${process.pid}.log`);
  const scene = await openScene(life, { ...settings, url: cluster.url, log });
  for (const phase of settings.phases) {
    const since = performance.now();
    await runs[phase]({ scene, cluster, settings });
    console.log(`${phase}: ${((performance.now() - since) / 1000).toFixed(1)} s`);
  }
  await settle(scene);
  const verdict = await judge(scene);
  await printVerdict(scene, verdict, performance.now() / 1000);
  return verdict.wrongs.length === 0;
}

type Chaos = { scene: Scene; cluster: Cluster; settings: Settings };

const runs: Record<Phase, (chaos: Chaos) => Promise<unknown>> = {
  kill: ({ scene, settings }) => phases.kill(scene, settings.kills),
  terminate: ({ scene, settings }) => phases.terminate(scene, settings.seconds),
  restart: async ({ scene, cluster, settings }) => {
    for (let each = 0; each < settings.restarts; each++)
      await phases.crashPostgres(scene, cluster, each % 2 === 0 ? 0 : 33_000);
  },
  freeze: ({ scene, settings }) => phases.freeze(scene, settings.freeze),
  replace: ({ scene }) => phases.replace(scene, 2),
};
