import { setTimeout as sleep } from "node:timers/promises";

/** Asks until the answer is yes; fails after `withinMs`. For states that send no signal of their own. */
export async function until(isSo: () => boolean | Promise<boolean>, withinMs = 15_000): Promise<void> {
  for (const deadline = performance.now() + withinMs; !(await isSo()); await sleep(20))
    if (performance.now() > deadline) throw new Error(`waited ${withinMs} ms in vain for: ${isSo}`);
}
