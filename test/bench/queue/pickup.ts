import { setTimeout as sleep } from "node:timers/promises";
import { now } from "../support/clock.ts";
import { median, percentile } from "../support/stats.ts";
import type { Contestant } from "./contestant.ts";
import type { Crew } from "./crew.ts";

export type Latency = { p50: number; p99: number; samples: number };

export type Probing = { samples: number; repeats: number; seconds: number };

/** From the dispatch of a job to the start of its task, one job at a time, while nothing else is to be done. */
export async function pickupIdle(contestant: Contestant, probing: Probing): Promise<Latency> {
  await using crew = await contestant.startWorker();
  return await runs(contestant, crew, probing);
}

/** The same with a backlog of less urgent jobs that is being worked meanwhile. */
export async function pickupBusy(
  contestant: Contestant,
  probing: Probing,
  backlog: { jobs: number; ms: number },
): Promise<Latency> {
  await contestant.dispatchMany(backlog.jobs, { ms: backlog.ms });
  await contestant.analyze?.();
  await using crew = await contestant.startWorker();
  await crew.busy(Math.min(50, backlog.jobs));
  return await runs(contestant, crew, probing);
}

/** The medians of several runs; a run ends early when its time is up. */
async function runs(
  contestant: Contestant,
  crew: Crew,
  { samples, repeats, seconds }: Probing,
): Promise<Latency> {
  await probe(contestant, crew, 10, now() + 1000); // the first ones warm up
  const all: number[][] = [];
  for (let run = 0; run < repeats; run++)
    all.push(await probe(contestant, crew, samples, now() + seconds * 1000));
  return {
    p50: median(all.map((run) => percentile(run, 0.5))),
    p99: median(all.map((run) => percentile(run, 0.99))),
    samples: all.flat().length,
  };
}

/** A random moment between two probes, so that no timer of a worker beats in time with them. */
async function probe(
  contestant: Contestant,
  crew: Crew,
  samples: number,
  deadline: number,
): Promise<number[]> {
  const latencies: number[] = [];
  do {
    const id = nextProbe++;
    const pickedUp = crew.pickedUp(id);
    pickedUp.catch(() => {});
    const sent = await contestant.probe(id);
    latencies.push((await pickedUp) - sent);
    await sleep(Math.random() * 10);
  } while (latencies.length < samples && now() < deadline);
  return latencies;
}

let nextProbe = 1;
