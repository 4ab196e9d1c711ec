import { setTimeout as sleep } from "node:timers/promises";
import { now } from "../../support/clock.ts";
import type { Work } from "../contestant.ts";
import type { Told } from "../crew.ts";

/**
 * The task that every contestant runs: a probe tells when it was started, other jobs are counted and take a quarter to
 * seven quarters of their time. Were they all equally long, ten that began together would go on ending together.
 */
export function perform({ probe, ms }: Work): Promise<void> | undefined {
  if (probe !== undefined) {
    tell({ probe, at: now() });
    return undefined;
  }
  tally.last = now();
  tally.first ||= tally.last;
  tally.count++;
  return ms ? sleep(ms * (0.25 + 1.5 * Math.random())) : undefined;
}

const tally = { count: 0, first: 0, last: 0 };

/** The body of a worker process: starts with the options it was given, ends when it is told to, or left alone. */
export async function serve<Options>(
  start: (options: Options) => Promise<() => Promise<unknown>>,
): Promise<void> {
  const stop = await start(JSON.parse(process.argv[2] ?? "{}"));
  process.once("message", () => stop().finally(() => process.exit()));
  process.once("disconnect", () => process.exit());
  setInterval(tellCount, 20);
  tell({ ready: true });
}

function tellCount(): void {
  if (tally.count === told) return;
  told = tally.count;
  tell(tally);
}

let told = 0;

function tell(message: Told): void {
  if (process.connected) process.send?.(message);
}
