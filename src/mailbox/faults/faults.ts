import { isObject } from "#lib/is-object.ts";
import type { Clock } from "../clock.ts";
import { Fault as Refusal } from "../reply.ts";
import type { Exchange, Faults } from "../seams.ts";
import { act } from "./act.ts";
import { bodyMatters, type Match, matches, parseMatch } from "./match.ts";
import { type FaultAction, parseAction } from "./parse-action.ts";

/** A way in which the mailbox misbehaves on purpose. */
export type Fault = FaultAction & {
  id: number;
  match: Match;
  /** How often it acts; null = always. */
  times: number | null;
  /** Requests that it fits, and those on which it acted. */
  seen: number;
  hits: number;
};

export type FaultList = Faults & {
  /** Throws a refusal that says what is wrong with it. */
  add(input: unknown): Fault;
  list(): Fault[];
  clear(): void;
};

export function createFaults(clock: Clock, random: () => number = Math.random): FaultList {
  let faults: Fault[] = [];
  let lastId = 0;
  return {
    add: (input) => {
      const fault = { id: ++lastId, ...parseFault(input), seen: 0, hits: 0 };
      faults.push(fault);
      return fault;
    },
    list: () => [...faults],
    clear: () => {
      faults = [];
    },
    around: async (exchange) => {
      const fault = await firstOf(faults, exchange, random);
      if (fault) return act(fault, exchange, clock);
      exchange.send(await exchange.answer(await exchange.read()));
    },
  };
}

function parseFault(input: unknown): FaultAction & Pick<Fault, "match" | "times"> {
  if (!isObject(input)) throw new Refusal(402, "A fault is an object: {match, times, action}.");
  const match = parseMatch(input.match ?? {});
  return { match, times: parseTimes(input.times, match), ...parseAction(input) };
}

/** The body is only read when a fault asks what is in it: others act before it is here. */
async function firstOf(faults: Fault[], { path, read }: Exchange, random: () => number) {
  for (const fault of faults) {
    const body = bodyMatters(fault.match) ? await read() : undefined;
    if (matches(fault.match, { path, body }) && acts(fault, random)) return fault;
  }
  return undefined;
}

function parseTimes(times: unknown, { nth }: Match): number | null {
  if (times === undefined || times === null) return nth === undefined ? null : 1;
  if (Number.isInteger(times) && Number(times) > 0) return Number(times);
  throw new Refusal(402, "A fault's times is a whole number from 1 on.");
}

function acts(fault: Fault, random: () => number): boolean {
  fault.seen++;
  if (fault.times !== null && fault.hits >= fault.times) return false;
  if (fault.seen < (fault.match.nth ?? 1)) return false;
  if (random() >= (fault.match.probability ?? 1)) return false;
  fault.hits++;
  return true;
}
