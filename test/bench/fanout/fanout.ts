import { setTimeout as sleep } from "node:timers/promises";
import type pg from "pg";
import { askControl, clientAt } from "../../support/mailbox.ts";
import type { School } from "./school.ts";
import type { Settings } from "./settings.ts";

export type Fanout = {
  members: number;
  /** Of the mutation alone, while nothing else runs. */
  mutationsMs: number[];
  /** From the mutation's answer until everybody has the notification in the inbox ... */
  toldMs: number;
  /** ... and until the mailbox has taken every letter. */
  mailedMs: number;
  /** What the organiser who watches waits for. */
  progressMs: number;
};

/** One event for everybody. The mutation is timed before anybody works, and what it dispatched is thrown away. */
export async function fanOut(
  school: School,
  members: number,
  { mutations, workers }: Settings,
): Promise<Fanout> {
  const mutationsMs = await timeMutations(school, mutations);
  await school.startWorkers(workers);
  const { id } = await school.createEvent();
  const began = performance.now();
  const cause = `events:${id}:created`;
  await until(async () => (await told(school.pool, cause)) === members);
  const toldMs = performance.now() - began;
  await until(async () => (await unsent(school.pool)) === 0);
  const mailedMs = performance.now() - began;
  const progressMs = await timeProgress(school.pool, cause);
  await check(school, members);
  return { members, mutationsMs, toldMs, mailedMs, progressMs };
}

async function timeMutations({ pool, createEvent }: School, mutations: number): Promise<number[]> {
  for (let each = 0; each < 5; each++) await createEvent();
  const ms: number[] = [];
  for (let each = 0; each < mutations; each++) ms.push((await createEvent()).ms);
  await pool.query("select queue.clear(q.name) from queue.queues q");
  return ms;
}

async function timeProgress(pool: pg.Pool, cause: string): Promise<number> {
  const began = performance.now();
  await pool.query("select * from notify.progress($1)", [cause]);
  return performance.now() - began;
}

async function told(pool: pg.Pool, cause: string): Promise<number> {
  const { rows } = await pool.query(
    `select coalesce(sum(c.notified), 0)::int as told
     from notify.chunks c join notify.announcements a on a.id = c.announcement_id where a.cause = $1`,
    [cause],
  );
  return rows[0].told;
}

async function unsent(pool: pg.Pool): Promise<number> {
  const { rows } = await pool.query(
    "select count(*)::int as count from (select from mail.letters where state in ('queued', 'sending', 'unknown') limit 1) l",
  );
  return rows[0].count;
}

/** Fast and wrong is worth nothing: one notification and one letter for each, and each letter once in the mailbox. */
async function check({ pool, mailboxUrl }: School, members: number): Promise<void> {
  const { rows } = await pool.query(
    `select
       (select count(*)::int from notify.notifications) as notifications,
       (select count(*)::int from mail.letters where state in ('accepted', 'delivered')) as letters`,
  );
  const { TotalCount } = await clientAt(mailboxUrl).getOutboundMessages({
    count: 1,
    messageStream: "broadcast",
  });
  const doubled = await askControl<unknown[]>(mailboxUrl, "GET", "duplicates?by=mid");
  const counted = {
    ...rows[0],
    messages: Number(TotalCount),
    "different messages": Number(TotalCount) - doubled.length,
  };
  for (const [what, count] of Object.entries(counted))
    if (count !== members) throw new Error(`${count} ${what} for ${members} members`);
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  for (const deadline = performance.now() + 600_000; !(await isSo()); await sleep(50))
    if (performance.now() > deadline) throw new Error(`waited 10 minutes in vain for ${isSo}`);
}
