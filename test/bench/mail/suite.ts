import { Results } from "../realtime/results.ts";
import { choose, printEnd } from "../support/contestants.ts";
import type { Lifetime } from "../support/lifetime.ts";
import { type Postgres, startPostgres } from "../support/postgres.ts";
import { percentile } from "../support/stats.ts";
import { allContestants, type Contestant } from "./contestants.ts";
import { countTaken, openGround } from "./ground.ts";
import { sendLinks } from "./links.ts";
import { printGoals, printHead, printLetters, printLinks } from "./print.ts";
import { readSettings, type Settings } from "./settings.ts";

/** `npm run bench -- mail`: letters per second through the mailbox, and how long a sign-in link takes beside a campaign. */
export async function run(args: string[], life: Lifetime): Promise<void> {
  const settings = readSettings(args);
  const postgres = await startPostgres(life);
  const contestants = await choose(allContestants(settings.workers), settings.peers, life);
  printHead(postgres, contestants, settings);
  const results = new Results();
  if (settings.only.includes("letters")) await measureLetters(postgres, contestants, settings, results);
  if (settings.only.includes("links")) await measureLinks(postgres, settings, results);
  printGoals(results, settings);
  printEnd();
}

async function measureLetters(
  postgres: Postgres,
  contestants: Contestant[],
  settings: Settings,
  results: Results,
): Promise<void> {
  for (const letters of settings.sizes) {
    for (let round = 1; round <= settings.repeats; round++)
      for (const contestant of round % 2 ? contestants : contestants.toReversed())
        results.add(`letters ${letters}`, contestant.key, await perSecond(postgres, contestant, letters));
    printLetters(letters, contestants, results);
  }
}

async function perSecond(postgres: Postgres, { name, start }: Contestant, letters: number): Promise<number> {
  await using life = new AsyncDisposableStack();
  const ground = await openGround(life, postgres);
  const send = await start(life, ground);
  const began = performance.now();
  await send(letters);
  const seconds = (performance.now() - began) / 1000;
  const taken = await countTaken(ground.mailboxUrl);
  if (taken !== letters) throw new Error(`${name}: the mailbox has ${taken} of ${letters} letters`);
  return letters / seconds;
}

async function measureLinks(postgres: Postgres, settings: Settings, results: Results): Promise<void> {
  for (let round = 1; round <= settings.repeats; round++)
    for (const [key, campaign] of [
      ["alone", 0],
      ["campaign", settings.campaign],
    ] as const) {
      const { ms, sentMeanwhile, stillWaiting } = await sendLinks(postgres, settings, campaign);
      const [p50, p99] = [percentile(ms, 0.5), percentile(ms, 0.99)];
      results.addAll("links", key, { p50, p99, worst: Math.max(...ms), sentMeanwhile, stillWaiting });
    }
  printLinks(settings, results);
}
