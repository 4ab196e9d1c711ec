import { setTimeout as sleep } from "node:timers/promises";
import { startHowdah } from "../../support/process.ts";
import { Remote } from "../realtime/remote.ts";
import type { Entrant } from "../support/contestants.ts";
import type { Lifetime } from "../support/lifetime.ts";
import type { Ground } from "./ground.ts";
import { enqueueCampaign } from "./letters.ts";
import type { PeerApi } from "./processes/loop.ts";

export type Contestant = Entrant & {
  /** Ready to send: resolves to what takes so many letters and resolves when the mailbox has taken all of them. */
  start(life: Lifetime, ground: Ground): Promise<(letters: number) => Promise<void>>;
};

export function allContestants(workers: number): Contestant[] {
  const common = { available: async () => undefined, prepare: async () => {} };
  return [
    {
      ...{ ...common, key: "howdah", name: "Howdah" },
      about: `letters written by mail.enqueue_many, 1,000 to a transaction, and sent by ${workers} process(es) of npm start -- --only=worker`,
      async start(life, ground) {
        await startWorkers(life, ground, workers);
        return async (letters) => {
          await enqueueCampaign(ground.pool, letters);
          await noneOpen(ground);
        };
      },
    },
    {
      ...{ ...common, key: "loop", name: "a loop" },
      about:
        "node and the client, sendEmailBatch of 500 one after the other: no outbox, no database, nothing remembered",
      start: (life, ground) => startPeer(life, "loop.ts", { ...ground, atOnce: 1 }),
    },
    {
      ...{ ...common, key: "loop-4", name: "a loop, four at once" },
      about: "the same with four requests at a time: the most that client and mailbox can do here",
      start: (life, ground) => startPeer(life, "loop.ts", { ...ground, atOnce: 4 }),
    },
    {
      ...{ ...common, key: "jobs", name: "a job for each" },
      about:
        "plain graphile-worker, ten jobs at once, each of them sendEmail: no look-up, a retry may double",
      start: (life, ground) => startPeer(life, "jobs.ts", ground),
    },
  ];
}

/** As they run in production, but for the mailbox in the service's place. */
export async function startWorkers(life: Lifetime, ground: Ground, workers: number): Promise<void> {
  const { databaseUrl, mailboxUrl } = ground;
  const env = { DATABASE_URL: databaseUrl, MAILBOX_URL: mailboxUrl, LOG_LEVEL: "warn" };
  for (let each = 0; each < workers; each++) {
    const howdah = await startHowdah({ env, args: ["--only=worker"] });
    life.defer(async () => void (await howdah.stop()));
  }
}

async function noneOpen({ pool }: Ground): Promise<void> {
  await until(async () => {
    const { rows } = await pool.query(
      "select from mail.letters where state in ('queued', 'sending', 'unknown') limit 1",
    );
    return rows.length === 0;
  });
}

async function startPeer(
  life: Lifetime,
  script: string,
  { pool: _, ...options }: Ground & { atOnce?: number },
) {
  const peer = await Remote.fork<PeerApi>(life, new URL(`./processes/${script}`, import.meta.url), options);
  return async (letters: number) => {
    await peer.call("send", letters);
    await until(async () => (await peer.call("accepted")) === letters);
  };
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  for (const deadline = performance.now() + 600_000; !(await isSo()); await sleep(20))
    if (performance.now() > deadline) throw new Error("letters were still open after 10 minutes");
}
