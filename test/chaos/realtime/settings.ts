import { parseArgs } from "node:util";
import { breakageOf, numberOf } from "../support/options.ts";

/**
 * How the server is broken on purpose, by breaks/*.sql: it reads by a sequence, reads some twice, sorts wrongly, never
 * buries a relay.
 */
export const breakages = ["cursor", "overlap", "order", "ghosts"] as const;
export type Breakage = (typeof breakages)[number];

export type Settings = {
  /** How long everything is on fire. */
  seconds: number;
  relays: number;
  rooms: number;
  /** Light clients, and those of them that are the unmodified client of Supabase. */
  clients: number;
  apps: number;
  writers: number;
  /** Messages a second that all writers commit. */
  rate: number;
  /** How often a second a backend is ended. */
  terminations: number;
  breakage: Breakage | undefined;
};

export const watchersPerRoom = 3;

/** --break=cursor proves that a fault would be seen. */
export function readSettings(args: string[]): Settings {
  const { values } = parseArgs({ args, options });
  const number = (name: Exclude<keyof typeof values, "break">) => numberOf(values, name);
  return {
    seconds: number("seconds"),
    relays: number("relays"),
    rooms: number("rooms"),
    clients: number("clients"),
    apps: number("apps"),
    writers: number("writers"),
    rate: number("rate"),
    terminations: number("terminations"),
    breakage: breakageOf(breakages, values.break),
  };
}

const options = {
  seconds: { type: "string", default: "60" },
  relays: { type: "string", default: "2" },
  rooms: { type: "string", default: "960" },
  clients: { type: "string", default: "200" },
  apps: { type: "string", default: "12" },
  writers: { type: "string", default: "64" },
  rate: { type: "string", default: "2000" },
  terminations: { type: "string", default: "5" },
  break: { type: "string" },
} as const;
