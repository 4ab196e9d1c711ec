import { mkdtemp, readFile, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import type pg from "pg";
import { insist } from "#db/insist.ts";
import { openPool } from "#db/pool.ts";
import { pause } from "#lib/pause.ts";
import { publishTemplates } from "#mail/templates.ts";
import { MailboxChild } from "#mailbox/child.ts";
import { declareQueue } from "#queue/declare.ts";
import type { Lifetime } from "../../bench/support/lifetime.ts";
import { startHowdah } from "../../support/process.ts";
import type { Cluster } from "../support/cluster.ts";
import { Random } from "../support/random.ts";
import { Crew } from "./crew.ts";
import { MailboxControl } from "./mailbox.ts";
import type { Breakage, Settings } from "./settings.ts";
import { speedUp } from "./time.ts";
import { type Ground, type Point, points } from "./traps.ts";
import { changeMoods, misbehave } from "./weather.ts";
import { Writers } from "./writers.ts";

/** Senders between a database and a mailbox, and letters that are written all the time. */
export type Scene = {
  url: string;
  pool: pg.Pool;
  mailbox: MailboxControl;
  crew: Crew;
  writers: Writers;
  random: Random;
  breakage: Breakage | undefined;
  time: AsyncDisposable;
  kills: Map<Point, number>;
  /** Faults that came about, by kind. */
  faults: Map<string, number>;
  restarts: number;
  /** What the senders said. */
  log: string;
  wrongs: string[];
};

export type SceneOptions = Pick<Settings, "seed" | "senders" | "speed"> & {
  url: string;
  log: string;
  breakage?: Breakage | undefined;
};

export async function openScene(life: Lifetime, options: SceneOptions): Promise<Scene> {
  const { url, seed, senders, speed, log, breakage } = options;
  const random = new Random(seed);
  const pool = openPool(url, "chaos", { max: 6 });
  life.defer(() => pool.end());
  await pool.query(await sqlOf("chaos"));
  if (breakage === "claim") await pool.query(await sqlOf("break-claim"));
  await declareQueue(pool);
  await publishTemplates(pool, "https://school.test");
  const mailboxUrl = await startMailbox(life);
  const mailbox = new MailboxControl(mailboxUrl);
  await startApi(life, url, mailboxUrl);
  const crew = new Crew(life, { databaseUrl: url, mailboxUrl, breakage }, log);
  await crew.start(senders);
  const time = life.use(speedUp({ pool, mailbox, crew }, speed));
  const writers = life.use(new Writers(pool, random));
  const counts = { kills: new Map(), faults: new Map(), restarts: 0, wrongs: [] };
  return { url, pool, mailbox, crew, writers, random, breakage, time, log, ...counts };
}

/** Everything at once for so many seconds, and until every fault has been and a sender was killed at every point. */
export async function burn(scene: Scene, seconds: number, cluster?: Cluster, restarts = 0): Promise<void> {
  const { mailbox, random } = scene;
  const over = AbortSignal.timeout(seconds * 1000);
  const [faults] = await Promise.all([
    misbehave(mailbox, random, over),
    killEverywhere(scene, over),
    changeMoods(mailbox, random, over, scene.breakage === "look-up"),
    cluster && restartPostgres(scene, cluster, (seconds * 1000) / (restarts + 1), restarts),
  ]);
  scene.faults = faults;
  for (const [fault, hits] of faults) if (hits === 0) scene.wrongs.push(`nobody met the fault ${fault}`);
}

/** A trap may miss: Postgres is away, or nobody comes by. */
async function killEverywhere(scene: Scene, over: AbortSignal): Promise<void> {
  const { kills } = scene;
  const names = Object.keys(points) as Point[];
  for (let missed = 0; !over.aborted || names.some((point) => !kills.has(point)); ) {
    const fewest = names.toSorted((a, b) => (kills.get(a) ?? 0) - (kills.get(b) ?? 0))[0] as Point;
    try {
      await points[fewest](scene satisfies Ground);
      kills.set(fewest, (kills.get(fewest) ?? 0) + 1);
      missed = 0;
    } catch (error) {
      if (++missed === 20) return void scene.wrongs.push(`no sender was killed ${fewest}: ${error}`);
      await pause(500);
    }
  }
}

async function restartPostgres(
  scene: Scene,
  cluster: Cluster,
  everyMs: number,
  restarts: number,
): Promise<void> {
  for (; scene.restarts < restarts; scene.restarts++) {
    await pause(everyMs);
    await cluster.stop();
    await cluster.start();
  }
}

/** No more letters, and a service in good order: waits until no letter is open, or none moves any more. */
export async function settle({ pool, mailbox, writers, time }: Scene, patienceMs = 60_000): Promise<void> {
  await writers[Symbol.asyncDispose]();
  const seen = { letters: 0, since: performance.now() };
  for (;;) {
    const { rows } = await insistently(() => pool.query<{ open: number }>("select chaos.open() as open"));
    const letters = rows[0]?.open ?? 0;
    if (letters !== seen.letters) Object.assign(seen, { letters, since: performance.now() });
    if (letters === 0 || performance.now() - seen.since > patienceMs) break;
    await pause(200);
  }
  await time[Symbol.asyncDispose]();
  await mailbox.pass(7200);
}

export const insistently = <T>(work: () => Promise<T>) => insist(work, AbortSignal.timeout(60_000));

/** The mailbox as a process of its own: who sends may die without it. */
async function startMailbox(life: Lifetime): Promise<string> {
  const dir = await mkdtemp(path.join(os.tmpdir(), "howdah-chaos-mailbox-"));
  life.defer(() => rm(dir, { recursive: true, force: true }));
  return life.use(new MailboxChild({ file: path.join(dir, "mailbox.db"), port: 0 })).url;
}

/** The API as it runs in production; it hears what the mailbox tells. */
async function startApi(life: Lifetime, databaseUrl: string, mailboxUrl: string): Promise<void> {
  const env = { DATABASE_URL: databaseUrl, MAILBOX_URL: mailboxUrl, LOG_LEVEL: "fatal", JWT_SECRET: secret };
  const api = await startHowdah({ env, args: ["--only=api"] });
  life.defer(async () => void (await api.stop()));
}

const secret = "a-secret-of-the-chaos-with-32-characters";

function sqlOf(name: string): Promise<string> {
  return readFile(new URL(`./${name}.sql`, import.meta.url), "utf8");
}
