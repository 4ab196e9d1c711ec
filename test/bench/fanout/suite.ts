import { printEnd } from "../support/contestants.ts";
import { type Goal, printGoals } from "../support/goals.ts";
import type { Lifetime } from "../support/lifetime.ts";
import { startPostgres } from "../support/postgres.ts";
import { median } from "../support/stats.ts";
import { milliseconds, printTable, whole } from "../support/table.ts";
import { type Fanout, fanOut } from "./fanout.ts";
import { openSchool } from "./school.ts";
import { readSettings } from "./settings.ts";

/** `npm run bench -- fanout`: one event for ever larger groups, until everybody has the notification and the mail. */
export async function run(args: string[], life: Lifetime): Promise<void> {
  const settings = readSettings(args);
  const postgres = await startPostgres(life);
  console.log(postgres.about);
  console.log("The mailbox takes letters and delivers none meanwhile, so none of its calls comes back.");
  const results: Fanout[] = [];
  for (const members of settings.sizes) {
    await using round = new AsyncDisposableStack();
    const school = await openSchool(postgres, members, round);
    results.push(await fanOut(school, members, settings));
    process.stderr.write(`${whole(members)} members: done\n`);
  }
  print(results);
  printGoals("Goals", goals, results);
  printEnd();
}

function print(results: Fanout[]): void {
  const head = ["members", "mutation", "worst", "all told", "told/s", "all mailed", "mails/s", "progress"];
  const rows = results.map(({ members, mutationsMs, toldMs, mailedMs, progressMs }) => [
    whole(members),
    milliseconds(median(mutationsMs)),
    milliseconds(Math.max(...mutationsMs)),
    milliseconds(toldMs),
    whole(members / (toldMs / 1000)),
    milliseconds(mailedMs),
    whole(members / (mailedMs / 1000)),
    milliseconds(progressMs),
  ]);
  printTable("An event for a whole group; times in milliseconds", head, rows);
}

const largest = (results: Fanout[]) => results.at(-1);
const goals: Goal<Fanout[]>[] = [
  {
    text: "the mutation under 15 ms, whatever the number",
    numbers: (results) => [median(largest(results)?.mutationsMs ?? []), 15],
    met: (ours, limit) => ours < limit,
    show: milliseconds,
  },
  {
    text: "100,000 mails handed over in under 60 s",
    numbers: (results) => [results.find(({ members }) => members === 100_000)?.mailedMs, 60_000],
    met: (ours, limit) => ours < limit,
    show: milliseconds,
  },
  {
    text: "growth is linear: a member of the largest group costs at most 1.5 times one of the group before",
    numbers: (results) => [costOf(largest(results)), costOf(results.at(-2))],
    met: (large, small) => large <= small * 1.5,
    show: (ms) => `${milliseconds(ms)} ms per 1,000`,
  },
];

function costOf(result: Fanout | undefined): number | undefined {
  return result && (result.mailedMs / result.members) * 1000;
}
