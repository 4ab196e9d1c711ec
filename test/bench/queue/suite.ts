import { choose, failure, printEnd } from "../support/contestants.ts";
import type { Lifetime } from "../support/lifetime.ts";
import { startPostgres } from "../support/postgres.ts";
import { bloat } from "./bloat.ts";
import type { Contestant } from "./contestant.ts";
import { allContestants } from "./contestants/index.ts";
import { dispatchRate, ways } from "./dispatch.ts";
import { drain } from "./drain.ts";
import { printGoals } from "./goals.ts";
import { pickupBusy, pickupIdle } from "./pickup.ts";
import { printBloat, printDispatch, printDrain, printHead, printPickup } from "./print.ts";
import { Results } from "./results.ts";
import { type Measurement, readSettings, type Settings } from "./settings.ts";

type Bench = { life: Lifetime; contestants: Contestant[]; settings: Settings; results: Results };

/** `npm run bench -- queue`: every contestant in turn, all of them in every round, so that noise hits them alike. */
export async function run(args: string[], life: Lifetime): Promise<void> {
  const settings = readSettings(args);
  const postgres = await startPostgres(life);
  const contestants = await choose(allContestants({ life, postgres }), settings.peers, life);
  printHead(postgres, contestants, settings);
  const results = new Results();
  for (const name of settings.only) await measurements[name]({ life, contestants, settings, results });
  printGoals(results);
  printEnd();
}

const measurements: Record<Measurement, (bench: Bench) => Promise<void>> = {
  async drain(bench) {
    const { contestants, settings, results } = bench;
    await rounds(bench, "drain", settings.repeats, async (contestant) => {
      results.add("drain", contestant, await drain(contestant, settings));
    });
    printDrain(results, contestants, settings);
  },

  async dispatch({ contestants: all, ...bench }) {
    const contestants = all.filter(({ variant }) => !variant);
    const { settings, results } = bench;
    await rounds({ ...bench, contestants }, "dispatch", settings.repeats, async (contestant) => {
      for (const way of ways)
        results.add(`dispatch ${way}`, contestant, await dispatchRate(contestant, way, settings.seconds / 8));
    });
    printDispatch(results, contestants);
  },

  async pickup(bench) {
    const { contestants, settings, results } = bench;
    const backlog = { jobs: settings.backlog, ms: settings.backlogMs };
    await rounds(bench, "pick-up", 1, async (contestant) => {
      results.addLatency("idle", contestant, await pickupIdle(contestant, settings));
      results.addLatency("busy", contestant, await pickupBusy(contestant, settings, backlog));
    });
    printPickup(results, contestants, settings);
  },

  async bloat({ contestants: all, ...bench }) {
    const contestants = all.filter(({ databaseUrl }) => databaseUrl);
    const { settings, results } = bench;
    await rounds({ ...bench, contestants }, "bloat", settings.repeats, async (contestant) => {
      const { normal, bloated, dead } = await bloat(contestant, settings, settings.dead);
      results.add("normal", contestant, normal);
      results.add("bloated", contestant, bloated);
      results.add("dead rows", contestant, dead);
    });
    printBloat(results, contestants);
  },
};

/** Who fails is told and does not take part in the next round. */
async function rounds(
  { contestants, life }: Bench,
  what: string,
  repeats: number,
  measure: (contestant: Contestant) => Promise<void>,
): Promise<void> {
  const failed = new Set<Contestant>();
  for (let round = 1; round <= repeats; round++)
    for (const contestant of contestants.filter((each) => !failed.has(each))) {
      const began = performance.now();
      const reason = await failure(
        measure(contestant).finally(() => contestant.clear()),
        life,
      );
      const took = ((performance.now() - began) / 1000).toFixed(1);
      process.stderr.write(`${what}, round ${round} of ${repeats}: ${contestant.name}, ${took} s\n`);
      if (!reason) continue;
      failed.add(contestant);
      console.log(`${contestant.name} failed at ${what}: ${reason}`);
    }
}
