import { rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import type { Lifetime } from "../../bench/support/lifetime.ts";
import { startCluster } from "../support/cluster.ts";
import { burn, openScene, settle } from "./scene.ts";
import { readSettings } from "./settings.ts";
import { judge, printVerdict } from "./verdict.ts";

/** `npm run chaos -- mail`: true when the mailbox has every letter once, or a person is to decide by its policy. */
export async function run(args: string[], life: Lifetime): Promise<boolean> {
  const settings = readSettings(args);
  console.log(`--seed=${settings.seed}`);
  const cluster = await startCluster(life);
  const log = path.join(os.tmpdir(), `howdah-chaos-${process.pid}.log`);
  const scene = await openScene(life, { ...settings, url: cluster.url, log });
  await burn(scene, settings.seconds, cluster, settings.restarts);
  await settle(scene);
  const verdict = await judge(scene);
  await printVerdict(scene, verdict, performance.now() / 1000);
  const isGood = verdict.wrongs.length === 0;
  if (isGood) await rm(log);
  return isGood;
}
