import { setTimeout as sleep } from "node:timers/promises";
import type { Lifetime } from "../support/lifetime.ts";
import type { Postgres } from "../support/postgres.ts";
import { startWorkers } from "./contestants.ts";
import { countTaken, type Ground, openGround, takenAt } from "./ground.ts";
import { enqueueCampaign, enqueueLink } from "./letters.ts";
import type { Settings } from "./settings.ts";

/** Milliseconds from the commit until the mailbox had it, of every link; letters of the campaign that were sent meanwhile, and that still waited. */
export type Links = { ms: number[]; sentMeanwhile: number; stillWaiting: number };

const everyMs = 200;

/** Sign-in links, one after the other, while a campaign of so many letters is being sent. */
export async function sendLinks(postgres: Postgres, settings: Settings, campaign: number): Promise<Links> {
  await using life: Lifetime = new AsyncDisposableStack();
  const ground = await openGround(life, postgres);
  await enqueueCampaign(ground.pool, campaign);
  await ground.pool.query("vacuum analyze mail.letters");
  await startWorkers(life, ground, settings.workers);
  if (campaign > 0) await firstTaken(ground);
  const before = await countTaken(ground.mailboxUrl);
  const links = [];
  for (let number = 0; number < settings.links; number++, await sleep(everyMs))
    links.push(await enqueueLink(ground.pool, number));
  const sent = await countTaken(ground.mailboxUrl);
  const ms: number[] = [];
  for (const { id, at } of links) ms.push((await storedAt(ground, id)) - at);
  return { ms, sentMeanwhile: sent - before, stillWaiting: campaign - sent };
}

async function firstTaken({ mailboxUrl }: Ground): Promise<void> {
  while ((await countTaken(mailboxUrl)) === 0) await sleep(20);
}

async function storedAt({ mailboxUrl }: Ground, letter: string): Promise<number> {
  for (const deadline = performance.now() + 120_000; performance.now() < deadline; await sleep(50)) {
    const at = await takenAt(mailboxUrl, letter);
    if (!Number.isNaN(at)) return at;
  }
  throw new Error(`the link ${letter} was not sent within two minutes`);
}
