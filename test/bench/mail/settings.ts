import { parseArgs } from "node:util";

export const parts = ["letters", "links"] as const;
export type Part = (typeof parts)[number];

export type Settings = {
  only: Part[];
  /** Letters of a run. */
  sizes: number[];
  repeats: number;
  /** Letters of the campaign that waits while sign-in links are sent, and how many of those. */
  campaign: number;
  links: number;
  /** Howdah's processes that send. */
  workers: number;
  peers: string[] | undefined;
};

/** --sizes=2000 --repeats=1 --campaign=10000 --links=20 is a smoke run. */
export function readSettings(args: string[]): Settings {
  const { values } = parseArgs({ args, options });
  const number = (name: "repeats" | "campaign" | "links" | "workers") => positive(name, values[name]);
  return {
    only: values.only.split(",").map(partOf),
    sizes: values.sizes.split(",").map((size) => positive("sizes", size)),
    repeats: number("repeats"),
    campaign: number("campaign"),
    links: number("links"),
    workers: number("workers"),
    peers: values.peers?.split(","),
  };
}

const options = {
  only: { type: "string", default: parts.join() },
  sizes: { type: "string", default: "10000,50000" },
  repeats: { type: "string", default: "3" },
  campaign: { type: "string", default: "100000" },
  links: { type: "string", default: "100" },
  workers: { type: "string", default: "1" },
  peers: { type: "string" },
} as const;

function partOf(name: string): Part {
  const found = parts.find((each) => each === name);
  if (!found) throw new Error(`--only knows ${parts.join(", ")}, not "${name}".`);
  return found;
}

function positive(name: string, given: string): number {
  const value = Number(given);
  if (!Number.isInteger(value) || value < 1)
    throw new Error(`--${name} takes whole numbers, not "${given}".`);
  return value;
}
