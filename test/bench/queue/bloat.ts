import pg from "pg";
import { median } from "../support/stats.ts";
import type { Contestant } from "./contestant.ts";
import { type Drain, drain } from "./drain.ts";

export type Bloat = { normal: number; bloated: number };

/**
 * The drain before and after somebody opened a transaction and left it idle: nothing that is deleted from then on can be
 * vacuumed, and whoever looks for the next job may have to step over all of it.
 */
export async function bloat(
  contestant: Contestant,
  size: Drain,
  { dead, repeats }: { dead: number; repeats: number },
): Promise<Bloat> {
  const normal = await several(repeats, async () => {
    const rate = await drain(contestant, size);
    await contestant.clear();
    return rate;
  });
  await using _idle = await holdSnapshot(contestant.databaseUrl?.() ?? "");
  await bury(contestant, dead);
  const bloated = await several(repeats, () => drain(contestant, size));
  return { normal, bloated };
}

/** By working them, as they come into being in life. */
async function bury(contestant: Contestant, dead: number): Promise<void> {
  await drain(contestant, { jobs: dead, seconds: 120 }, contestant.startFastestWorker);
}

async function holdSnapshot(connectionString: string): Promise<AsyncDisposable> {
  const client = new pg.Client({ connectionString });
  client.on("error", () => {});
  await client.connect();
  await client.query("begin isolation level repeatable read");
  await client.query("select count(*) from pg_class");
  return { [Symbol.asyncDispose]: () => client.end() };
}

async function several(times: number, measure: () => Promise<number>): Promise<number> {
  const results: number[] = [];
  for (let run = 0; run < times; run++) results.push(await measure());
  return median(results);
}
