import type { Results } from "../realtime/results.ts";
import { circumstances } from "../support/contestants.ts";
import * as support from "../support/goals.ts";
import type { Postgres } from "../support/postgres.ts";
import { hundredths, printTable, whole } from "../support/table.ts";
import type { Contestant } from "./contestants.ts";
import type { Settings } from "./settings.ts";

export function printHead(postgres: Postgres, contestants: Contestant[], settings: Settings): void {
  const { repeats, seconds, warmup, connections } = settings;
  console.log(
    [
      ...circumstances(postgres, contestants),
      "",
      "How it is measured: each server is one process with ten connections to the one database; the clients are in a second one. Every",
      `client asks again as soon as it is answered, ${connections} of them at once, so servers, clients and Postgres share the cores.`,
      `Medians of ${repeats} runs of ${seconds} s after ${warmup} s of warm-up, the contestants in turn in every round. The share is Howdah's`,
      "rate as a part of that server's; the goals are about the one with the same SQL. CPU is the server process's own, per request.",
    ].join("\n"),
  );
}

export function printAction(
  title: string,
  action: string,
  contestants: Contestant[],
  results: Results,
): void {
  const ours = results.of(`${action} perSecond`, "howdah");
  const rows = contestants.map(({ key, name }) => {
    const of = (what: string) => results.of(`${action} ${what}`, key);
    const rate = of("perSecond");
    return [
      name,
      ...[whole(rate), ours && rate ? (ours / rate).toFixed(2) : "–"],
      results.all(`${action} perSecond`, key).map(whole).join(" "),
      ...[hundredths(of("p50")), hundredths(of("p99")), hundredths(of("cpuMs")), whole(of("failed"))],
    ];
  });
  printTable(`Requests per second: ${title}`, head, rows);
}

const head = ["", "per s", "share", "of runs", "p50 ms", "p99 ms", "CPU ms", "failed"];

export function printGoals(results: Results): void {
  support.printGoals(
    "Goals, of the medians, beside the hand-written server with the same SQL and security on",
    goals,
    results,
  );
}

const goals = [
  goal(0.25, "row", "one row by id: at least 0.25 of it"),
  goal(0.6, "list", "a list of 50 with two relations: at least 0.6"),
  goal(0.5, "mutation", "a mutation: at least 0.5"),
];

function goal(share: number, action: string, text: string): support.Goal<Results> {
  return {
    text,
    numbers: (results) => [
      results.of(`${action} perSecond`, "howdah"),
      results.of(`${action} perSecond`, "raw-same"),
    ],
    met: (ours, same) => ours >= same * share,
    show: whole,
  };
}
