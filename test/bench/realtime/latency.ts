import { percentile } from "../support/stats.ts";
import { type Site, withServerBusy } from "./contestant.ts";
import { worse } from "./loop.ts";
import type { Layout } from "./processes/crowd.ts";
import type { Way, WriterApi, Written } from "./processes/writer.ts";
import type { Remote } from "./remote.ts";

export type Load = { perSecond: number; seconds: number; warmup: number };

/** Milliseconds. `missing` counts deliveries that had not come two seconds after the last message. */
export type Latency = {
  p50: number;
  p99: number;
  samples: number;
  missing: number;
  serverBusy: number;
  late: number;
  busy: number;
};

/** From the call that sends it in one client to its arrival at each of the others in the room. */
export async function broadcastLatency(site: Site, load: Load): Promise<Latency> {
  const { loop, ...found } = await withServerBusy(site, () => site.crowd.call("broadcast", load));
  return { ...found, ...loop };
}

/** From the return of the commit to the arrival at each client in the room; `begun…` counts from the begin. */
export async function chatLatency(
  site: Site,
  writers: Remote<WriterApi>,
  way: Exclude<Way, "plain">,
  { sockets, roomSize }: Layout,
  load: Load,
): Promise<Latency & { begunP50: number; begunP99: number }> {
  await site.crowd.call("listen");
  const { serverBusy, ...written } = await withServerBusy(site, () =>
    writers.call("chat", way, { ...load, rooms: sockets / roomSize }),
  );
  const heard = await site.crowd.call("heard", written.messages);
  return {
    ...latenciesOf(written, heard),
    missing: written.messages * roomSize - heard.numbers.length,
    serverBusy,
    ...worse(written.loop, heard.loop),
  };
}

function latenciesOf(
  { first, called, committed }: Written,
  { numbers, times }: { numbers: Float64Array; times: Float64Array },
) {
  const [sinceCommit, sinceBegin]: [number[], number[]] = [[], []];
  for (const [index, n] of numbers.entries()) {
    const at = times[index] ?? Number.NaN;
    if (n < first) continue; // the warm-up
    sinceCommit.push(at - (committed[n - first] ?? Number.NaN));
    sinceBegin.push(at - (called[n - first] ?? Number.NaN));
  }
  return {
    p50: percentile(sinceCommit, 0.5),
    p99: percentile(sinceCommit, 0.99),
    begunP50: percentile(sinceBegin, 0.5),
    begunP99: percentile(sinceBegin, 0.99),
    samples: sinceCommit.length,
  };
}
