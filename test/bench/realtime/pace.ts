import { setTimeout as sleep } from "node:timers/promises";
import { now } from "../support/clock.ts";

/**
 * Acts so many times a second, at random moments, so that no timer of a server beats in time with them; whether it is
 * answered or not. What was to be done while the process was busy is done at once when it no longer is.
 */
export async function pace(perSecond: number, seconds: number, act: () => void): Promise<void> {
  const until = now() + seconds * 1000;
  for (let due = now(); due < until; due += (2000 / perSecond) * Math.random()) {
    const early = due - now();
    if (early > 0) await sleep(early);
    act();
  }
}

/** Resolves when the condition holds, at the latest after `ms`. */
export async function settle(holds: () => boolean, ms: number): Promise<void> {
  for (const until = now() + ms; !holds() && now() < until; ) await sleep(5);
}
