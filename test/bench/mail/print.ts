import type { Results } from "../realtime/results.ts";
import { circumstances } from "../support/contestants.ts";
import * as support from "../support/goals.ts";
import type { Postgres } from "../support/postgres.ts";
import { milliseconds, printTable, ratio, whole } from "../support/table.ts";
import type { Contestant } from "./contestants.ts";
import type { Settings } from "./settings.ts";

export function printHead(postgres: Postgres, contestants: Contestant[], settings: Settings): void {
  console.log(
    [
      ...circumstances(postgres, contestants),
      "",
      "How it is measured: the mailbox is a process of its own that checks every letter and commits it to its file before it answers;",
      "senders, mailbox and Postgres share the cores, and all letters are equally long. The time goes from before the first letter is",
      `written until the last one is accepted. Medians of ${settings.repeats} runs, each with an empty database and an empty mailbox.`,
    ].join("\n"),
  );
}

export function printLetters(letters: number, contestants: Contestant[], results: Results): void {
  const measure = `letters ${letters}`;
  const rows = contestants.map(({ key, name }) => [
    name,
    whole(results.of(measure, key)),
    ratio(results.of(measure, key), results.of(measure, "howdah")),
    results.all(measure, key).map(whole).join(" "),
  ]);
  printTable(`${whole(letters)} letters`, ["", "per s", "of Howdah's", "of runs"], rows);
}

export function printLinks({ campaign, links }: Settings, results: Results): void {
  const row = (key: string, name: string) => {
    const of = (what: string) => results.of(`links ${what}`, key);
    return [
      name,
      ...[milliseconds(of("p50")), milliseconds(of("p99")), milliseconds(results.worst("links worst", key))],
      ...[whole(of("sentMeanwhile")), whole(of("stillWaiting"))],
    ];
  };
  printTable(
    `${links} sign-in links, milliseconds from commit until the mailbox has it`,
    ["", "p50", "p99", "worst", "campaign sent meanwhile", "still waiting"],
    [row("alone", "alone"), row("campaign", `while ${whole(campaign)} letters wait`)],
  );
}

export function printGoals(results: Results, settings: Settings): void {
  support.printGoals("Goals, of the medians", [...settings.sizes.map(rateGoal), linkGoal], results);
}

function rateGoal(letters: number): support.Goal<Results> {
  return {
    text: `${whole(letters)} letters end to end: at least 1,500 a second`,
    numbers: (results) => [results.of(`letters ${letters}`, "howdah"), 1500],
    met: (ours, wanted) => ours >= wanted,
    show: whole,
  };
}

const linkGoal: support.Goal<Results> = {
  text: "a sign-in link beside a campaign: p99 under 2 s",
  numbers: (results) => [results.of("links p99", "campaign"), 2000],
  met: (ours, wanted) => ours < wanted,
  show: milliseconds,
};
