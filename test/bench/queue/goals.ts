import * as support from "../support/goals.ts";
import { milliseconds, whole } from "../support/table.ts";
import type { Results } from "./results.ts";

type Goal = support.Goal<Results>;

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

export function printGoals(results: Results): void {
  support.printGoals("Goals, with fencing and history on", goals, results);
}
