import { milliseconds, whole } from "../support/table.ts";
import type { Results } from "./results.ts";

type Goal = {
  text: string;
  /** The two numbers of the comparison. */
  numbers(results: Results): [number | undefined, number | undefined];
  met(ours: number, other: number): boolean;
  show(value: number | undefined): string;
};

const goals: Goal[] = [
  {
    text: "drain at least half of batched graphile-worker",
    numbers: (results) => [results.of("drain", "howdah"), results.of("drain", "graphile-batched")],
    met: (ours, theirs) => ours >= theirs / 2,
    show: whole,
  },
  {
    text: "drain at least 1.5 times BullMQ with Redis",
    numbers: (results) => [results.of("drain", "howdah"), results.of("drain", "bullmq-redis")],
    met: (ours, theirs) => ours >= theirs * 1.5,
    show: whole,
  },
  {
    text: "pick-up p99 with a backlog under 20 ms",
    numbers: (results) => [results.of("busy p99", "howdah"), 20],
    met: (ours, limit) => ours < limit,
    show: milliseconds,
  },
  {
    text: "pick-up p99 with a backlog within 2 times idle",
    numbers: (results) => [results.of("busy p99", "howdah"), results.of("idle p99", "howdah")],
    met: (busy, idle) => busy <= idle * 2,
    show: milliseconds,
  },
  {
    text: "dispatch gathered outside transactions at least 10 times single",
    numbers: (results) => [
      results.of("dispatch gathered", "howdah"),
      results.of("dispatch single", "howdah"),
    ],
    met: (gathered, single) => gathered >= single * 10,
    show: whole,
  },
  {
    text: "with an idle transaction and dead rows, drain at least half of normal",
    numbers: (results) => [results.of("bloated", "howdah"), results.of("normal", "howdah")],
    met: (bloated, normal) => bloated >= normal / 2,
    show: whole,
  },
];

/** The last word of a run: what was aimed at, and whether it was reached. */
export function printGoals(results: Results): void {
  console.log("\nGoals, with fencing and history on\n");
  for (const goal of goals) console.log(lineOf(goal, results));
}

function lineOf({ text, numbers, met, show }: Goal, results: Results): string {
  const [ours, other] = numbers(results);
  if (ours === undefined || other === undefined) return `- not measured: ${text}`;
  const times = (ours / other).toFixed(2);
  return `- ${met(ours, other) ? "met" : "NOT met"}: ${text} (${show(ours)} to ${show(other)}, ${times}×)`;
}
