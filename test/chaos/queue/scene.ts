import { appendFile, readFile } from "node:fs/promises";
import type pg from "pg";
import { insist } from "#db/insist.ts";
import { openPool } from "#db/pool.ts";
import { declareQueue } from "#queue/declare.ts";
import type { Lifetime } from "../../bench/support/lifetime.ts";
import { until } from "../../support/wait.ts";
import { Crew, type Member } from "./crew.ts";
import { Operator } from "./operator.ts";
import type { Breakage } from "./settings.ts";
import { chaosTasks } from "./tasks.ts";
import { type Kind, Writers, writeProbes } from "./writers.ts";

/** A migrated database that workers work on while writers write. */
export type Scene = {
  url: string;
  pool: pg.Pool;
  crew: Crew;
  writers: Writers;
  operator: Operator;
  /** Backends that were ended. */
  terminated: number;
  /** What the workers said. */
  log: string;
  /** Processes that lived and served a queue no more. */
  zombies: string[];
};

export type SceneOptions = {
  url: string;
  workers: number;
  log: string;
  breakage?: Breakage | undefined;
  without?: Kind[];
};

const servedQueues = ["high", "default", "bulk", "mail", "media"];

export async function openScene(life: Lifetime, options: SceneOptions): Promise<Scene> {
  const { url, workers, log, breakage, without } = options;
  const pool = openPool(url, "chaos", { max: 8 });
  life.defer(() => pool.end());
  await pool.query(await readFile(new URL("./chaos.sql", import.meta.url), "utf8"));
  const query: pg.Pool["query"] = pool.query.bind(pool);
  await declareQueue(pool, chaosTasks({ breakage, query: (text, values) => query(text, values) }));
  await pool.query("select queue.limit('chaos', concurrency => 3)");
  const crew = new Crew(life, { databaseUrl: url, breakage }, log);
  await crew.start(workers);
  const [writers, operator] = [new Writers(pool, without), new Operator(pool)];
  return { url, pool, crew, writers, operator, log, terminated: 0, zombies: [] };
}

/** Waits until every process has completed jobs of every queue; who has not within 30 s is a zombie. */
export async function everyoneServes({ pool, crew, zombies, log }: Scene, after: string): Promise<void> {
  await crew.ready();
  const members = crew.members;
  for (const member of members) member.completed.clear();
  const idle = () => members.filter(isAlive).flatMap((member) => idleQueues(member));
  for (const deadline = performance.now() + 30_000; idle().length > 0; ) {
    if (performance.now() > deadline) {
      zombies.push(
        ...idle().map(({ pid, queue }) => `process ${pid} serves ${queue} no more after ${after}`),
      );
      await appendFile(log, `${after}: ${await insistently(() => picture(pool))}\n`);
      return;
    }
    for (const queue of new Set(idle().map(({ queue }) => queue)))
      await insistently(() => writeProbes(pool, queue, 10 * members.length));
    await nextReport();
  }
}

function idleQueues({ pid, completed }: Member) {
  return servedQueues.filter((queue) => !completed.has(queue)).map((queue) => ({ pid, queue }));
}

const isAlive = ({ child }: Member) => child.exitCode === null && child.signalCode === null;

const nextReport = () => new Promise((resolve) => setTimeout(resolve, 300));

/** What a person wants to know of a queue that stands still. */
async function picture(pool: pg.Pool): Promise<string> {
  const { rows } = await pool.query<{ picture: string }>("select jsonb_pretty(chaos.picture()) as picture");
  return rows[0]?.picture ?? "";
}

/** Waits until the jobs of all that were killed are given back. */
export async function everyoneRescued({ crew, pool }: Scene): Promise<void> {
  const isRescued = async () => {
    const { rows } = await insistently(() => pool.query<{ pid: number }>("select pid from queue.processes"));
    const isOnce = new Set(rows.map(({ pid }) => pid)).size === rows.length; // else one was cut off while it entered
    return isOnce && rows.every(({ pid }) => crew.members.some((member) => member.pid === pid));
  };
  await until(isRescued, 60_000).catch(() => {}); // the count of what is stuck says more
}

/** No more writing: waits until no job is left, or none moves any more; then stops all workers gracefully. */
export async function settle(scene: Scene): Promise<void> {
  const { pool, crew, writers, operator } = scene;
  await Promise.all([writers[Symbol.asyncDispose](), operator[Symbol.asyncDispose]()]);
  const seen = { jobs: 0, due: 0, since: performance.now() };
  for (;;) {
    const { jobs, due } = await insistently(() => countWaiting(pool));
    if (jobs !== seen.jobs || due !== seen.due) Object.assign(seen, { jobs, due, since: performance.now() });
    const patienceMs = due > 0 ? 30_000 : 90_000; // what runs may run into its timeout
    if (jobs === 0 || performance.now() - seen.since > patienceMs) break;
    await nextReport();
  }
  await everyoneRescued(scene);
  await crew.stop();
  await pool.query(
    "insert into chaos.deaths (pid, how, died_at) select * from unnest($1::int[], $2::text[], $3::timestamptz[]) on conflict do nothing",
    [crew.deaths.map(({ pid }) => pid), crew.deaths.map(({ how }) => how), crew.deaths.map(({ at }) => at)],
  );
}

async function countWaiting(pool: pg.Pool): Promise<{ jobs: number; due: number }> {
  const { rows } = await pool.query(
    `select count(*)::int as jobs, count(*) filter (where locked_at is null and run_at < now())::int as due
    from graphile_worker._private_jobs`,
  );
  return rows[0];
}

export const insistently = <T>(work: () => Promise<T>) => insist(work, AbortSignal.timeout(60_000));
