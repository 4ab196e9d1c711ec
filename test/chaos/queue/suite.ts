import { rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import type { Lifetime } from "../../bench/support/lifetime.ts";
import { type Cluster, startCluster } from "../support/cluster.ts";
import * as phases from "./phases.ts";
import { everyoneRescued, everyoneServes, openScene, type Scene, settle } from "./scene.ts";
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
    await runs[phase]({ scene, cluster, settings, life });
    await everyoneServes(scene, phase);
    console.log(`${phase}: ${((performance.now() - since) / 1000).toFixed(1)} s`);
  }
  await settle(scene);
  const verdict = await judge(scene);
  await printVerdict(scene, verdict, performance.now() / 1000);
  const isGood = verdict.wrongs.length === 0;
  if (isGood) await rm(log);
  return isGood;
}

type Chaos = { scene: Scene; cluster: Cluster; settings: Settings; life: Lifetime };

const runs: Record<Phase, (chaos: Chaos) => Promise<unknown>> = {
  kill: async ({ scene, settings }) => {
    await phases.kill(scene, settings.kills, 700);
    await everyoneRescued(scene);
  },
  terminate: ({ scene, settings }) => phases.terminate(scene, settings.seconds),
  restart: async ({ scene, cluster, settings }) => {
    for (let each = 0; each < settings.restarts; each++) {
      await phases.crashPostgres(cluster);
      await everyoneServes(scene, "a restart");
    }
  },
  outage: ({ scene, cluster }) => phases.takePostgresAway(scene, cluster, 33),
  demote: ({ cluster }) => phases.demote(cluster, 5),
  silence: ({ scene, life }) => phases.silence(scene, life),
  freeze: ({ scene, settings }) => phases.freeze(scene, settings.freeze),
  replace: ({ scene }) => phases.replace(scene, 2),
};
