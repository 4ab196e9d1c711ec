import * as support from "../support/goals.ts";
import { hundredths, whole } from "../support/table.ts";
import { classes, school } from "./layouts.ts";
import type { Results } from "./results.ts";

type Goal = support.Goal<Results>;

const goals: Goal[] = [
  ...(["p50", "p99"] as const).map((share) =>
    atMostTimes(
      1.2,
      `client broadcasts at 200/s, 1,000 sockets in rooms of 25: ${share} at most 1.2 times socket.io's`,
      `${classes} broadcast ${share}`,
    ),
  ),
  underMs(3, "stored messages, the same: p50 at most 3 ms after the commit", `${classes} after p50`),
  underMs(15, "stored messages, the same: p99 at most 15 ms after the commit", `${classes} after p99`),
  ...(["p50", "p99"] as const).map((share) =>
    atMostTimes(
      1,
      `client broadcasts at 20/s in one room of 1,000: ${share} at most socket.io's`,
      `${school} broadcast ${share}`,
    ),
  ),
  writesGoal("32 writers that announce as the API does: at least 0.6 of plain inserts"),
  {
    text: "5,000 idle sockets under 250 MB more",
    numbers: (results) => [results.of("memory 5000 growth", "howdah"), 250],
    met: (ours, limit) => ours < limit,
    show: whole,
  },
  ...(["p50", "p99"] as const).map(
    (share): Goal => ({
      text: `stored messages with 100,000 jobs waiting: ${share} at most 1.2 times that without`,
      numbers: (results) => [
        results.of(`beside 100000 ${share}`, "howdah"),
        results.of(`alone 100000 ${share}`, "howdah"),
      ],
      met: (ours, other) => ours <= other * 1.2,
      show: hundredths,
    }),
  ),
];

export function printGoals(results: Results): void {
  support.printGoals("Goals, of the medians", goals, results);
}

function atMostTimes(times: number, text: string, measure: string): Goal {
  return {
    text,
    numbers: (results) => [results.of(measure, "howdah"), results.of(measure, "socket.io")],
    met: (ours, theirs) => ours <= theirs * times,
    show: hundredths,
  };
}

function underMs(ms: number, text: string, measure: string): Goal {
  return {
    text,
    numbers: (results) => [results.of(measure, "howdah"), ms],
    met: (ours, limit) => ours <= limit,
    show: hundredths,
  };
}

function writesGoal(text: string): Goal {
  return {
    text,
    numbers: (results) => [
      results.of("write after perSecond", "howdah"),
      results.of("write plain perSecond", "howdah"),
    ],
    met: (ours, plain) => ours >= plain * 0.6,
    show: whole,
  };
}
