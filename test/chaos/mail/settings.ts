import { parseArgs } from "node:util";
import { breakageOf, numberOf } from "../support/options.ts";

/**
 * How senders break the protocol on purpose: no answer counts as not sent; nobody is asked what became of letters, nor tells;
 * letters are sent without being claimed; no answer counts as accepted.
 */
export const breakages = ["resend", "look-up", "claim", "belief"] as const;
export type Breakage = (typeof breakages)[number];

export type Settings = {
  /** How long letters are written, faults happen and senders are killed, each of them at every point at least once. */
  seconds: number;
  seed: number;
  senders: number;
  /** How many times faster the clocks of the outbox and of the mailbox go. */
  speed: number;
  restarts: number;
  breakage: Breakage | undefined;
};

/** --break=resend proves that a fault would be seen; the seed decides about order and kind of what happens, not about its moment. */
export function readSettings(args: string[]): Settings {
  const { values } = parseArgs({ args, options });
  const number = (name: Exclude<keyof typeof values, "break">) => numberOf(values, name);
  return {
    seconds: number("seconds"),
    seed: number("seed"),
    senders: number("senders"),
    speed: number("speed"),
    restarts: number("restarts"),
    breakage: breakageOf(breakages, values.break),
  };
}

const options = {
  seconds: { type: "string", default: "60" },
  seed: { type: "string", default: String(Date.now() % 1_000_000) },
  senders: { type: "string", default: "2" },
  speed: { type: "string", default: "120" },
  restarts: { type: "string", default: "2" },
  break: { type: "string" },
} as const;
