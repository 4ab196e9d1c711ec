import { parseArgs } from "node:util";
import { type ActionName, actions } from "./actions.ts";

export type Settings = {
  repeats: number;
  /** What one run takes, not counting its warm-up. */
  seconds: number;
  warmup: number;
  connections: number;
  only: ActionName[];
  peers: string[] | undefined;
};

/** --repeats=1 --seconds=1 is a smoke run. */
export function readSettings(args: string[]): Settings {
  const { values } = parseArgs({ args, options });
  const seconds = positive(values.seconds, "seconds");
  return {
    repeats: positive(values.repeats, "repeats"),
    seconds,
    warmup: Math.min(2, seconds),
    connections: positive(values.connections, "connections"),
    only: values.only.split(",").map(actionOf),
    peers: values.peers?.split(","),
  };
}

const options = {
  repeats: { type: "string", default: "3" },
  seconds: { type: "string", default: "4" },
  connections: { type: "string", default: "10" },
  only: { type: "string", default: Object.keys(actions).join() },
  peers: { type: "string" },
} as const;

function positive(text: string, name: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new Error(`--${name} must be a number above 0, not "${text}".`);
  return value;
}

function actionOf(name: string): ActionName {
  if (name in actions) return name as ActionName;
  throw new Error(`--only knows ${Object.keys(actions).join(", ")}, not "${name}".`);
}
