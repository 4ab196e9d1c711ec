import { circumstances } from "../support/contestants.ts";
import type { Postgres } from "../support/postgres.ts";
import { milliseconds, printTable, ratio, whole } from "../support/table.ts";
import { type Contestant, concurrency } from "./contestant.ts";
import { wayNames, ways } from "./dispatch.ts";
import type { Results } from "./results.ts";
import type { Settings } from "./settings.ts";

/** What the numbers depend on. */
export function printHead(
  postgres: Postgres,
  contestants: Contestant[],
  { repeats, seconds }: Settings,
): void {
  console.log(
    [
      ...circumstances(postgres, contestants),
      `Every worker runs ${concurrency} jobs at once, in a process beside the one that dispatches. Medians of ${repeats} runs; a run ends after ${seconds} s at the latest.`,
      "× is how many times Howdah's number the number is.",
    ].join("\n"),
  );
}

export function printDrain(results: Results, contestants: Contestant[], { jobs }: Settings): void {
  const rows = contestants.map(({ key, name }) => [
    name,
    whole(results.of("drain", key)),
    ratio(results.of("drain", key), results.of("drain", "howdah")),
    results.all("drain", key).map(whole).join(" "),
  ]);
  printTable(
    `Drain: ${jobs.toLocaleString("en")} jobs that do nothing, per second`,
    ["", "jobs/s", "×", "runs"],
    rows,
  );
}

export function printDispatch(results: Results, contestants: Contestant[]): void {
  const cell = (key: string, measure: string) => {
    const rate = results.of(measure, key);
    if (rate === undefined) return "–";
    return `${whole(rate)} (${ratio(rate, results.of(measure, "howdah"))})`;
  };
  const rows = contestants.map(({ key, name }) => [name, ...ways.map((way) => cell(key, `dispatch ${way}`))]);
  printTable("Dispatch: jobs per second", ["", ...ways.map((way) => wayNames[way])], rows);
}

export function printPickup(
  results: Results,
  contestants: Contestant[],
  { backlog, backlogMs }: Settings,
): void {
  const measures = ["idle p50", "idle p99", "busy p50", "busy p99"];
  const cell = (key: string, measure: string) => {
    const ms = results.of(measure, key);
    if (ms === undefined) return "–";
    return `${milliseconds(ms)} (${ratio(ms, results.of(measure, "howdah"))})`;
  };
  const rows = contestants.map(({ key, name }) => [
    name,
    ...measures.map((measure) => cell(key, measure)),
    `${results.of("idle samples", key) ?? 0}, ${results.of("busy samples", key) ?? 0}`,
  ]);
  printTable(
    `Pick-up: milliseconds from the dispatch call to the start of the task; busy = ${backlog.toLocaleString("en")} less urgent jobs of ${backlogMs / 4} to ${(backlogMs * 7) / 4} ms wait`,
    ["", ...measures, "samples"],
    rows,
  );
}

export function printBloat(results: Results, contestants: Contestant[]): void {
  const rows = contestants.map(({ key, name }) => [
    name,
    whole(results.of("normal", key)),
    whole(results.of("bloated", key)),
    ratio(results.of("bloated", key), results.of("normal", key)),
    whole(results.of("dead rows", key)),
  ]);
  printTable(
    "Bloat: the drain without and with an idle transaction that keeps dead rows in the table, jobs per second",
    ["", "normal", "bloated", "of normal", "dead rows"],
    rows,
  );
}
