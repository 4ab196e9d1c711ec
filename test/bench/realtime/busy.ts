import { setTimeout as sleep } from "node:timers/promises";
import { atMost } from "#lib/at-most.ts";
import type { Site } from "./contestant.ts";
import type { Howdah } from "./contestants/howdah.ts";
import { chatLatency, type Latency, type Load } from "./latency.ts";
import type { Layout } from "./processes/crowd.ts";
import type { WriterApi } from "./processes/writer.ts";
import type { Remote } from "./remote.ts";

export const slots = 10;

export type Beside = {
  site: Site;
  writers: Remote<WriterApi>;
  layout: Layout;
  load: Load;
  jobs: number;
  jobMs: number;
};

/** The latency of stored messages while nothing waits in the queue, and while a worker process has all hands full. */
export async function besideJobs(
  howdah: Howdah,
  { site, writers, layout, load, jobs, jobMs }: Beside,
): Promise<{ alone: Latency; beside: Latency; jobsPerSecond: number; left: number }> {
  const measure = () => chatLatency(site, writers, "after", layout, load);
  await howdah.clearQueue();
  const alone = await measure();
  await howdah.fillQueue(jobs, jobMs);
  await using worker = await howdah.startWorker(slots);
  await untilWorked(() => worker.call("worked"), Math.min(5000, jobs / 10));
  const [before, began] = [await worker.call("worked"), performance.now()];
  const beside = await measure();
  const worked = await worker.call("worked");
  const jobsPerSecond = ((worked - before) / (performance.now() - began)) * 1000;
  await atMost(3000, worker.call("stop"));
  await howdah.clearQueue();
  return { alone, beside, jobsPerSecond, left: jobs - worked };
}

async function untilWorked(worked: () => Promise<number>, jobs: number): Promise<void> {
  for (let tries = 0; (await worked()) < jobs; tries++) {
    if (tries === 300) throw new Error("The worker did not begin.");
    await sleep(100);
  }
}
