import type pg from "pg";
import { printTable } from "../../bench/support/table.ts";
import type { Scene } from "./scene.ts";

const faults = [
  "lost",
  "doubled",
  "stuck",
  "failed",
  "unfinished",
  "ghost",
  "disordered",
  "miscounted",
] as const;
const slowestRescue = 15;

type Fault = { fault: (typeof faults)[number]; what: string; key: string | null };
type Rescue = {
  how: string | null;
  processes: number;
  jobs: number;
  never: number;
  median: number;
  slowest: number;
  unlocked: number;
};

export type Verdict = {
  counts: Record<(typeof faults)[number], number>;
  faults: Fault[];
  rescues: Rescue[];
  /** Every reason why the run is not good. */
  wrongs: string[];
};

export async function judge({ pool, crew, writers, zombies }: Scene): Promise<Verdict> {
  const { rows: found } = await pool.query<Fault>("select * from chaos.faults");
  const { rows: rescues } = await pool.query<Rescue>(
    `select how, count(distinct worker_pid)::int as processes, count(*)::int as jobs,
      count(*) filter (where started_after is null)::int as never,
      percentile_cont(0.5) within group (order by started_after) as median, max(started_after) as slowest, max(unlocked_after) as unlocked
    from chaos.rescues group by how order by how`,
  );
  const counts = Object.fromEntries(
    faults.map((name) => [name, found.filter(({ fault }) => fault === name).length]),
  ) as Verdict["counts"];
  const orphans = await orphansOf(pool);
  const wrongs = [
    ...found.map(({ fault, what }) => `${fault}: ${what}`),
    ...writers.refusals,
    ...crew.crashes,
    ...zombies,
    ...orphans.map((pid) => `the process ${pid} of an isolated task outlived its worker`),
    ...rescues
      .filter(({ how, slowest }) => how === "SIGKILL" && slowest >= slowestRescue)
      .map(({ slowest }) => `a rescue took ${slowest} s`),
  ];
  return { counts, faults: found, rescues, wrongs };
}

/** Processes of isolated tasks that still live. */
async function orphansOf(pool: pg.Pool): Promise<number[]> {
  const { rows } = await pool.query<{ pid: number }>(
    "select distinct pid from chaos.effects where kind = 'told begun'",
  );
  return rows.map(({ pid }) => pid).filter(lives);
}

function lives(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

export async function printVerdict(scene: Scene, verdict: Verdict, seconds: number): Promise<void> {
  const { pool, crew, writers } = scene;
  const { counts, rescues, faults: found, wrongs } = verdict;
  const kills = crew.deaths.filter(({ how }) => how === "SIGKILL").length;
  const work = await countWork(pool);
  const rescueOf = (wanted: string | null) => rescues.find(({ how }) => how === wanted);
  printTable(
    "Chaos of the queue",
    ["", "count"],
    [
      ["seconds", seconds.toFixed(0)],
      ["worker processes started", String(crew.started)],
      ["kill -9", String(kills)],
      ["jobs", String(work.jobs)],
      ["batches, chains", `${work.batches}, ${work.chains}`],
      ["attempts", String(work.attempts)],
      ["backends terminated", String(scene.terminated)],
      ["queues changed or paused", String(scene.operator.acts)],
      ["transactions of writers cut off", String(writers.interrupted)],
      ["lost", String(counts.lost)],
      ["doubled", String(counts.doubled)],
      ["still locked or waiting", String(counts.stuck)],
      ["failed without a reason", String(counts.failed)],
      ["unfinished by graceful stops", String(counts.unfinished)],
      ["effects of rolled back dispatches", String(counts.ghost)],
      ["chains out of order", String(counts.disordered)],
      ["batches miscounted", String(counts.miscounted)],
      ["processes that crashed", String(crew.crashes.length)],
      ["queues no longer served", String(scene.zombies.length)],
      ["slowest rescue after kill -9", told(rescueOf("SIGKILL"))],
      ["slowest rescue after SIGSTOP", told(rescueOf("SIGSTOP"))],
      ["living processes taken for dead", String(rescueOf(null)?.processes ?? 0)],
      ["refused, for somebody else held the job", String(crew.counted("job:fenced"))],
      ["plain jobs that ran more than once", String(work.reruns)],
      ["jobs with one try that were cut off or killed too often", work.singles],
    ],
  );
  for (const wrong of wrongs.slice(0, 20)) console.log(wrong);
  if (wrongs.length > 20) console.log(`... and ${wrongs.length - 20} more`);
  for (const { key } of found.filter(({ key }) => key !== null).slice(0, 5)) await printEvidence(pool, key);
  console.log(
    wrongs.length === 0
      ? "\nNothing lost, nothing doubled, nothing stuck."
      : `\nNot good. What the workers said: ${scene.log}`,
  );
}

function told(rescue: Rescue | undefined): string {
  if (!rescue) return "–";
  return `${rescue.slowest.toFixed(1)} s (median ${rescue.median.toFixed(1)} s; unlocked after ${rescue.unlocked.toFixed(1)} s at the latest; ${rescue.jobs} jobs)`;
}

async function countWork(pool: pg.Pool) {
  const { rows } = await pool.query(
    `select (select count(*) from chaos.ledger)
        + (select coalesce(sum(members), 0) from chaos.batches) + (select coalesce(sum(links), 0) from chaos.chains) as jobs,
      (select count(*) from chaos.batches) as batches, (select count(*) from chaos.chains) as chains,
      (select count(*) from queue.attempts) as attempts,
      (select count(*) from chaos.jobs j where j.kind = 'single' and j.failures > 0)
        || ' of ' || (select count(*) from chaos.ledger l where l.kind = 'single') as singles,
      (select count(*) from chaos.jobs j where j.expects = 'some' and j.effects > 1) as reruns`,
  );
  return rows[0] as Record<"jobs" | "batches" | "chains" | "attempts" | "singles" | "reruns", string>;
}

async function printEvidence(pool: pg.Pool, key: string | null): Promise<void> {
  const { rows } = await pool.query("select jsonb_pretty(chaos.evidence($1)) as evidence", [key]);
  console.log(`\n${key}: ${rows[0].evidence}`);
}
