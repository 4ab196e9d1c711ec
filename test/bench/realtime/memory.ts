import { setTimeout as sleep } from "node:timers/promises";
import type { Lifetime } from "../support/lifetime.ts";
import { type Contestant, openSite } from "./contestant.ts";
import { roomSize } from "./settings.ts";

const settleMs = 2000;
const mega = 1_000_000;

/** How much a fresh server grows by that many sockets that have joined one room each and do nothing, in MB. */
export async function idleMemory(life: Lifetime, contestant: Contestant, sockets: number) {
  await using site = await openSite(life, contestant, { sockets: 4 * roomSize, roomSize });
  await site.crowd.call("broadcast", { perSecond: 200, seconds: 1, warmup: 0 });
  await site.crowd.call("close"); // its code is loaded and compiled by now
  const before = await site.server.call("rssCollected");
  await site.crowd.call("open", { sockets, roomSize });
  await sleep(settleMs);
  const asItStands = await site.server.call("rss");
  const collected = await site.server.call("rssCollected");
  return {
    start: before / mega,
    growth: (asItStands - before) / mega,
    collected: (collected - before) / mega,
  };
}
