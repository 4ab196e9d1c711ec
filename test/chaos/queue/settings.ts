import { parseArgs } from "node:util";
import { breakageOf, numberOf, oneOf } from "../support/options.ts";

export const phases = [
  "kill",
  "terminate",
  "restart",
  "outage",
  "demote",
  "silence",
  "freeze",
  "replace",
] as const;
export const breakages = ["fence", "deletion"] as const;

export type Phase = (typeof phases)[number];
/** How the tasks break the rules: their effects outside the completing transaction, or their rows deleted by themselves. */
export type Breakage = (typeof breakages)[number];

export type Settings = {
  workers: number;
  kills: number;
  /** How long backends are terminated. */
  seconds: number;
  /** How long a worker is stopped. */
  freeze: number;
  restarts: number;
  phases: Phase[];
  breakage: Breakage | undefined;
};

/** --kills=5 --seconds=5 --freeze=35 --restarts=1 is a smoke run; --break=fence proves that a fault would be seen. */
export function readSettings(args: string[]): Settings {
  const { values } = parseArgs({ args, options });
  const number = (name: Exclude<keyof typeof values, "phases" | "break">) => numberOf(values, name);
  return {
    workers: number("workers"),
    kills: number("kills"),
    seconds: number("seconds"),
    freeze: number("freeze"),
    restarts: number("restarts"),
    phases: values.phases.split(",").map((name) => oneOf(phases, name, "--phases")),
    breakage: breakageOf(breakages, values.break),
  };
}

const options = {
  workers: { type: "string", default: "4" },
  kills: { type: "string", default: "100" },
  seconds: { type: "string", default: "30" },
  freeze: { type: "string", default: "60" },
  restarts: { type: "string", default: "2" },
  phases: { type: "string", default: phases.join() },
  break: { type: "string" },
} as const;
