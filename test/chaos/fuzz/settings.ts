import { parseArgs } from "node:util";
import { numberOf } from "../support/options.ts";

export type Settings = {
  /** Hostile frames in all. */
  frames: number;
  /** Who sends them at the same time. */
  attackers: number;
  /** What is random about the frames, so that a run can be had again. */
  seed: number;
};

export function readSettings(args: string[]): Settings {
  const { values } = parseArgs({ args, options });
  const number = (name: keyof typeof values) => numberOf(values, name);
  return { frames: number("frames"), attackers: number("attackers"), seed: number("seed") };
}

const options = {
  frames: { type: "string", default: "100000" },
  attackers: { type: "string", default: "8" },
  seed: { type: "string", default: "1" },
} as const;
