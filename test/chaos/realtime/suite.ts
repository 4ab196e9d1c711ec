import { rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { pause } from "#lib/pause.ts";
import type { Lifetime } from "../../bench/support/lifetime.ts";
import { printTable } from "../../bench/support/table.ts";
import { type Cluster, startCluster } from "../support/cluster.ts";
import { hopAbout, killRelays, restartPostgres, settle, terminateBackends } from "./phases.ts";
import { compareRosters, type Rosters } from "./rosters.ts";
import { insistently, openScene, type Scene } from "./scene.ts";
import { readSettings, type Settings } from "./settings.ts";
import { type Counts, compare, type Truth } from "./verdict.ts";

/** `npm run chaos -- realtime`: true when every message reached everybody once, in order, and nobody is a ghost. */
export async function run(args: string[], life: Lifetime): Promise<boolean> {
  const settings = readSettings(args);
  const cluster = await startCluster(life);
  const log = path.join(os.tmpdir(), `howdah-chaos-${process.pid}.log`);
  const scene = await openScene(life, { ...settings, url: cluster.url, log });
  await burn(scene, settings, cluster);
  const verdict = await judge(scene);
  printVerdict(scene, settings, verdict);
  const isGood = verdict.wrongs.length === 0;
  if (isGood) await rm(log);
  return isGood;
}

/** Everything at once, for so many seconds; Postgres is restarted in the middle where there is a cluster to do it to. */
export async function burn(
  scene: Scene,
  { seconds, terminations }: Pick<Settings, "seconds" | "terminations">,
  cluster?: Cluster,
): Promise<void> {
  const over = AbortSignal.timeout(seconds * 1000);
  await Promise.all([
    killRelays(scene, over),
    terminateBackends(scene, terminations, over),
    hopAbout(scene, over),
    cluster ? restartPostgres(scene, cluster, seconds * 500) : pause(0),
  ]);
}

export type Verdict = { counts: Counts; rosters: Rosters; wrongs: string[] };

/** `quietMs`: for so long nothing more has to arrive before it is counted. */
export async function judge(scene: Scene, quietMs = 5000): Promise<Verdict> {
  await settle(scene, quietMs);
  const { counts, wrongs } = compare(await readTruth(scene), scene.watches);
  const rosters = await compareRosters(scene);
  return {
    counts,
    rosters,
    wrongs: [...wrongs, ...rosters.wrongs, ...scene.writers.refusals, ...scene.fleet.crashes],
  };
}

async function readTruth({ pool }: Scene): Promise<Map<string, Truth>> {
  const { rows } = await insistently(() =>
    pool.query<{ topic: string; ids: string[]; first: string; last: string }>("select * from chaos.truth"),
  );
  return new Map(
    rows.map(({ topic, ids, first, last }) => [topic, { ids, first: Number(first), last: Number(last) }]),
  );
}

function printVerdict(scene: Scene, { seconds }: Settings, { counts, rosters, wrongs }: Verdict): void {
  const { fleet, writers, watches, clients } = scene;
  const rows: [string, number][] = [
    ["seconds", seconds],
    ["clients, with the rooms they watch", watches.length],
    ["transactions committed", writers.transactions],
    ["transactions rolled back", writers.rolledBack],
    ["transactions cut off", writers.interrupted],
    ["messages", counts.messages],
    ["messages a second", Math.round(counts.messages / seconds)],
    ["deliveries", counts.deliveries],
    ["messages over the wire, with repeats after joins", counts.frames],
    ["joins", counts.joins],
    ["relays killed", fleet.kills],
    ["backends terminated", scene.terminated],
    ["hops of clients", scene.hops],
    ["restarts of Postgres", scene.restarts],
    ["missing", counts.missing],
    ["doubled", counts.doubled],
    ["out of order", counts.disordered],
    ["never committed", counts.invented],
    ["rosters compared", rosters.compared],
    ["ghosts", rosters.ghosts],
    ["absent though present", rosters.absent],
    ["relays that crashed", fleet.crashes.length],
  ];
  printTable(
    `Chaos of the relay: ${fleet.ports.length} relays, ${clients.length} clients`,
    ["", "count"],
    rows.map(([name, count]) => [name, count.toLocaleString("en")]),
  );
  for (const wrong of wrongs.slice(0, 20)) console.log(wrong);
  if (wrongs.length > 20) console.log(`... and ${wrongs.length - 20} more`);
  console.log(
    wrongs.length === 0
      ? "\nNothing missing, nothing doubled, nothing out of order."
      : `\nNot good. What the relays said: ${scene.log}`,
  );
}
