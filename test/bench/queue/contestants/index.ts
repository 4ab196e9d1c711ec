import type { Arena, Contestant } from "../contestant.ts";
import { bullmqs } from "./bullmq.ts";
import { graphileWorkers } from "./graphile.ts";
import { howdah } from "./howdah.ts";
import { laravel } from "./laravel.ts";
import { pgBosses } from "./pg-boss.ts";

/** Howdah and its peers, in the order of the tables. */
export function allContestants(arena: Arena): Contestant[] {
  return [howdah(arena), ...graphileWorkers(arena), ...bullmqs(arena), ...pgBosses(arena), laravel(arena)];
}
