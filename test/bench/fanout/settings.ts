import { parseArgs } from "node:util";

export type Settings = {
  /** Members of the group that an event is made for, one run each. */
  sizes: number[];
  /** How often the mutation is timed. */
  mutations: number;
  /** Processes that work. */
  workers: number;
};

/** --sizes=1000 --mutations=3 is a smoke run. */
export function readSettings(args: string[]): Settings {
  const { values } = parseArgs({ args, options });
  return {
    sizes: values.sizes.split(",").map((size) => positive("sizes", size)),
    mutations: positive("mutations", values.mutations),
    workers: positive("workers", values.workers),
  };
}

function positive(name: string, given: string): number {
  const value = Number(given);
  if (!Number.isInteger(value) || value < 1)
    throw new Error(`--${name} takes whole numbers, not "${given}".`);
  return value;
}

const options = {
  sizes: { type: "string", default: "1000,10000,100000" },
  mutations: { type: "string", default: "15" },
  workers: { type: "string", default: "1" },
} as const;
