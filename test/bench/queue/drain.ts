import { setTimeout as sleep } from "node:timers/promises";
import { now } from "../support/clock.ts";
import type { Contestant } from "./contestant.ts";
import type { Crew } from "./crew.ts";

export type Drain = { jobs: number; seconds: number };

/** Jobs per second from a full queue to an empty one; see `pace`. */
export async function drain(
  contestant: Contestant,
  { jobs, seconds }: Drain,
  startWorker = contestant.startWorker,
): Promise<number> {
  await contestant.dispatchMany(jobs);
  await contestant.analyze?.();
  await using crew = await startWorker();
  return await pace(contestant, crew, { jobs, seconds });
}

/**
 * From the start of the first job to the moment when none is left, completions included. Who is not done after
 * `seconds` is stopped: the pace so far is the result, for all have the same number of jobs waiting.
 */
async function pace(contestant: Contestant, crew: Crew, { jobs, seconds }: Drain): Promise<number> {
  const deadline = now() + seconds * 1000;
  for (;;) {
    await crew.alive(sleep(5));
    if (crew.started >= jobs && (await contestant.isEmpty()))
      return (jobs / (now() - crew.firstStart)) * 1000;
    if (now() > deadline + (crew.started < jobs ? 0 : 1000))
      return (crew.started / (crew.lastStart - crew.firstStart)) * 1000;
  }
}
