import { rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { anonKey, mintToken } from "#auth/jwt.ts";
import { openPool } from "#db/pool.ts";
import type { Lifetime } from "../../bench/support/lifetime.ts";
import { percentile } from "../../bench/support/stats.ts";
import { printTable } from "../../bench/support/table.ts";
import { until } from "../../support/wait.ts";
import { startCluster } from "../support/cluster.ts";
import { Random } from "../support/random.ts";
import { assault, slowReaderCount } from "./assaults.ts";
import { attack, emptyTally, type Mark, type Tally } from "./attacker.ts";
import { Neighbours } from "./neighbours.ts";
import { Patient } from "./patient.ts";
import type { Health } from "./relay.ts";
import { readSettings, type Settings } from "./settings.ts";

/** What the relay may have grown by when all attackers are gone, after a collection of garbage, and at most in between. */
export const limits = { heap: 20e6, external: 20e6, peak: 700e6 };

/** `npm run chaos -- fuzz`: true when hostile frames cost the relay nothing and its neighbours neither. */
export async function run(args: string[], life: Lifetime): Promise<boolean> {
  const settings = readSettings(args);
  const cluster = await startCluster(life);
  const log = path.join(os.tmpdir(), `howdah-chaos-${process.pid}.log`);
  const since = performance.now();
  const report = await fuzz(life, { ...settings, url: cluster.url, log });
  print(report, settings, (performance.now() - since) / 1000, log);
  const isGood = report.wrongs.length === 0;
  if (isGood) await rm(log);
  return isGood;
}

export type Report = {
  tally: Tally;
  before: Health;
  after: Health;
  peak: number;
  crashes: number;
  said: number;
  framesSeen: number;
  delaysMs: number[];
  wrongs: string[];
};

const jwtSecret = "a-secret-of-the-chaos-with-32-characters";
const warmUp = 0.1; // of all frames: what is loaded and compiled at first is no leak

export async function fuzz(
  life: Lifetime,
  options: Settings & { url: string; log: string },
): Promise<Report> {
  const { url, log, frames, seed, attackers } = options;
  const pool = openPool(url, "chaos", { max: 4 });
  life.defer(() => pool.end());
  await pool.query(policies);
  const patient = await Patient.start(life, { databaseUrl: url, jwtSecret }, log);
  const mark = await takeAim(patient.port);
  const neighbours = life.use(await Neighbours.moveIn(mark, pool));
  const quiet = (await patient.examine()).sockets;
  const tally = emptyTally();
  const wave = async (share: number, seeds: number) => {
    const each = Math.ceil((frames * share) / attackers);
    await Promise.all(
      Array.from({ length: attackers }, (_, place) => attack(mark, new Random(seeds + place), each, tally)),
    );
    await until(async () => (await patient.examine()).sockets <= quiet, 30_000);
  };

  await wave(warmUp, seed * 1000);
  const before = await patient.examine();
  const watching = watchMemory(patient);
  const open = new AsyncDisposableStack();
  life.use(open);
  await Promise.all([
    assault(mark, Math.max(20, frames / 500), tally, open).then(() => open.disposeAsync()),
    wave(1 - warmUp, seed * 1000 + 500),
  ]);
  await until(async () => (await patient.examine()).sockets <= quiet, 30_000);
  await neighbours.fallSilent();
  const peak = watching.stop();
  const after = await patient.examine();
  const { said, framesSeen, delaysMs, harm } = neighbours;
  const report = { tally, before, after, peak, said, framesSeen, delaysMs, crashes: patient.isAlive ? 0 : 1 };
  return { ...report, wrongs: [...harm, ...faultsOf(report)] };
}

/** A member may do everything in the rooms of the club. */
const member = "11111111-1111-4111-8111-111111111111";
const isMine = `realtime.topic() like 'club:%' and app.current_person_id() = '${member}'`;
const policies = `
  create policy chaos_read on realtime.messages for select to authenticated using (${isMine});
  create policy chaos_write on realtime.messages for insert to authenticated with check (${isMine})`;

async function takeAim(port: number): Promise<Mark> {
  return {
    port,
    arena: "realtime:arena",
    club: "realtime:club:arena",
    apikey: await anonKey(jwtSecret),
    token: await mintToken({ sub: member, role: "authenticated" }, jwtSecret, 3600),
  };
}

function watchMemory(patient: Patient): { stop(): number } {
  let peak = 0;
  const timer = setInterval(async () => {
    const { rss } = await patient.look();
    peak = Math.max(peak, rss);
  }, 500);
  return {
    stop() {
      clearInterval(timer);
      return peak;
    },
  };
}

function faultsOf({ tally, before, after, peak, crashes }: Omit<Report, "wrongs">): string[] {
  const grown = (part: "heap" | "external") => after[part] - before[part];
  return [
    ...(crashes > 0 ? ["the relay has died"] : []),
    ...(["heap", "external"] as const)
      .filter((part) => grown(part) > limits[part])
      .map((part) => `${part} has grown by ${mb(grown(part))} MB`),
    ...(peak > limits.peak ? [`the process took ${mb(peak)} MB`] : []),
    ...(after.polluted.length > 0 ? [`Object.prototype has ${after.polluted}`] : []),
    ...(after.files > before.files + 20 ? [`${after.files - before.files} more files are open`] : []),
    ...((after.events["realtime:socket:slow"] ?? 0) < slowReaderCount
      ? ["who reads too slowly was not thrown out"]
      : []),
    ...(tally.kept > 0 ? [`${tally.kept} refused clients were not hung up on`] : []),
    ...(tally.mute > 0 ? [`${tally.mute} sockets were open and not answered`] : []),
  ];
}

const mb = (bytes: number) => (bytes / 1e6).toFixed(1);

function print(report: Report, settings: Settings, seconds: number, log: string): void {
  const { tally, before, after, peak, crashes, said, framesSeen, delaysMs, wrongs } = report;
  const kinds = Object.entries(tally.byKind).map(([kind, count]) => [
    `  ${kind}`,
    count.toLocaleString("en"),
  ]);
  printTable(
    `Fuzz of the relay, seed ${settings.seed}`,
    ["", "count"],
    [
      ["seconds", seconds.toFixed(0)],
      ["frames", tally.frames.toLocaleString("en")],
      ...kinds,
      ["sockets", tally.sockets.toLocaleString("en")],
      ["refused or thrown out", tally.refused.toLocaleString("en")],
      ["thrown out for reading slowly", String(after.events["realtime:socket:slow"] ?? 0)],
      ["frames that failed inside the relay", String(after.events["realtime:frame:failed"] ?? 0)],
      ["crashes", String(crashes)],
      ["heap after garbage, before and after, MB", `${mb(before.heap)}, ${mb(after.heap)}`],
      ["buffers after garbage, before and after, MB", `${mb(before.external)}, ${mb(after.external)}`],
      ["largest process, MB", mb(peak)],
      [
        "allowed: heap, buffers more; process at most, MB",
        Object.values(limits)
          .map((limit) => mb(limit))
          .join(", "),
      ],
      ["open files, before and after", `${before.files}, ${after.files}`],
      ["messages of neighbours", said.toLocaleString("en")],
      [
        "their delay p50, p99, most, ms",
        [0.5, 0.99, 1].map((share) => percentile(delaysMs, share).toFixed(0)).join(", "),
      ],
      ["frames that witnesses inspected", framesSeen.toLocaleString("en")],
      ["harm", String(wrongs.length)],
    ],
  );
  for (const wrong of wrongs.slice(0, 20)) console.log(wrong.slice(0, 600));
  if (wrongs.length > 20) console.log(`... and ${wrongs.length - 20} more`);
  if (wrongs.length > 0) console.log(`\nNot good. What the relay said: ${log}`);
  else console.log("\nNo crash, no leak, and the neighbours noticed nothing.");
}
