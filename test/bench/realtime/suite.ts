import { choose, failure, printEnd } from "../support/contestants.ts";
import type { Lifetime } from "../support/lifetime.ts";
import { startPostgres } from "../support/postgres.ts";
import { besideJobs } from "./busy.ts";
import { type Contestant, openSite, type Site, withServerBusy } from "./contestant.ts";
import { type Howdah, howdah as makeHowdah } from "./contestants/howdah.ts";
import { allContestants } from "./contestants/index.ts";
import { printGoals } from "./goals.ts";
import { broadcastLatency, chatLatency } from "./latency.ts";
import { layoutsOf } from "./layouts.ts";
import { idleMemory } from "./memory.ts";
import { printBusy, printHead, printLatency, printMemory, printSaturation, printWrites } from "./print.ts";
import type { Way, WriterApi } from "./processes/writer.ts";
import type { Remote } from "./remote.ts";
import { Results } from "./results.ts";
import { type Measurement, readSettings, roomSize, type Settings } from "./settings.ts";

type Bench = {
  life: Lifetime;
  contestants: Contestant[];
  howdah: Howdah;
  settings: Settings;
  results: Results;
};

const writerProcesses = 2;
const writersEach = 16;
const chatConnections = 10;
const writeRooms = 1000;
const inFlight = 10;

/** `npm run bench -- realtime`: every contestant in turn, all of them in every round, so that noise hits them alike. */
export async function run(args: string[], life: Lifetime): Promise<void> {
  const settings = readSettings(args);
  const postgres = await startPostgres(life);
  const howdah = makeHowdah({ life, postgres });
  const contestants = await choose(allContestants({ life, postgres }, howdah), settings.peers, life);
  printHead(postgres, contestants, settings);
  const results = new Results();
  for (const name of settings.only) {
    const began = performance.now();
    const reason = await failure(measurements[name]({ life, contestants, howdah, settings, results }), life);
    if (reason) {
      console.log(`\n${name} failed: ${reason}`);
      process.exitCode = 1;
    }
    process.stderr.write(`${name}: ${((performance.now() - began) / 1000).toFixed(1)} s\n`);
  }
  printGoals(results);
  printEnd();
}

const measurements: Record<Measurement, (bench: Bench) => Promise<void>> = {
  async latency({ life, contestants, howdah, settings, results }) {
    const { seconds, warmup } = settings;
    await using writers = await howdah.startWriters(chatConnections);
    for (const { key: layoutKey, perSecond, ...layout } of layoutsOf(settings)) {
      const load = { perSecond, seconds, warmup };
      await withSites(life, contestants, layout, async (sites) => {
        for (const round of rounds(settings)) {
          for (const [{ key }, site] of inTurn(sites, round))
            results.addAll(`${layoutKey} broadcast`, key, await broadcastLatency(site, load));
          const ours = sites.get(howdah);
          for (const way of ours ? (["after", "inside"] as const) : [])
            results.addAll(
              `${layoutKey} ${way}`,
              "howdah",
              await chatLatency(ours as Site, writers, way, layout, load),
            );
        }
      });
      await howdah.clearLog();
    }
    printLatency(results, contestants, settings);
  },

  async saturation({ life, contestants, settings, results }) {
    const { crowd, seconds, warmup } = settings;
    await withSites(life, contestants, { sockets: crowd, roomSize }, async (sites) => {
      for (const round of rounds(settings))
        for (const [{ key }, site] of inTurn(sites, round)) {
          const { loop, ...found } = await withServerBusy(site, () =>
            site.crowd.call("saturate", { seconds: seconds / 2, warmup, inFlight }),
          );
          results.addAll("saturation", key, { ...found, ...loop });
        }
    });
    printSaturation(results, contestants, { ...settings, inFlight });
  },

  async writes({ life, howdah, settings, results }) {
    await using stack = new AsyncDisposableStack();
    stack.use(await openSite(life, howdah)); // a relay reads along
    const writers: Remote<WriterApi>[] = [];
    for (let each = 0; each < writerProcesses; each++)
      writers.push(stack.use(await howdah.startWriters(writersEach)));
    for (const _ of rounds(settings))
      for (const place of ["write", "writeInside"] as const)
        for (const way of ["plain", "after", "inside"] as const) {
          await howdah.clearLog();
          results.addAll(
            `${place} ${way}`,
            "howdah",
            await writeRate(writers, place, way, settings.seconds / 2),
          );
        }
    await howdah.clearLog();
    printWrites(results, { ...settings, writers: writerProcesses * writersEach, rooms: writeRooms });
  },

  async memory({ life, contestants, settings, results }) {
    for (const round of rounds(settings))
      for (const contestant of inTurn(contestants, round))
        results.addAll(
          `memory ${settings.idle}`,
          contestant.key,
          await idleMemory(life, contestant, settings.idle),
        );
    printMemory(results, contestants, settings);
  },

  async busy({ life, howdah, settings, results }) {
    const { crowd, seconds, warmup, jobs, jobMs } = settings;
    const layout = { sockets: crowd, roomSize };
    const load = { perSecond: 200, seconds, warmup };
    await using site = await openSite(life, howdah, layout);
    await using writers = await howdah.startWriters(chatConnections);
    for (const _ of rounds(settings)) {
      const { alone, beside, ...queue } = await besideJobs(howdah, {
        ...{ site, writers, layout, load, jobs, jobMs },
      });
      results.addAll(`alone ${jobs}`, "howdah", alone);
      results.addAll(`beside ${jobs}`, "howdah", beside);
      results.addAll("queue", "howdah", queue);
    }
    printBusy(results, settings);
  },
};

/** One round at least; when the time of the whole run is over, no further one. */
function* rounds({ repeats, minutes }: Settings): Generator<number> {
  for (let round = 1; round <= repeats; round++) {
    if (round > 1 && performance.now() > minutes * 60_000) {
      console.log(`\nThe time is over: ${round - 1} of ${repeats} runs.`);
      return;
    }
    yield round;
  }
}

/** The other way round in every second round: to come first may be good or bad. */
function inTurn<T>(all: Iterable<T>, round: number): T[] {
  return round % 2 ? [...all] : [...all].reverse();
}

/** Every contestant's server with its clients; all stand open meanwhile, and one at a time is made to work. */
async function withSites(
  life: Lifetime,
  contestants: Contestant[],
  layout: { sockets: number; roomSize: number },
  work: (sites: Map<Contestant, Site>) => Promise<void>,
): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const sites = new Map<Contestant, Site>();
  for (const contestant of contestants)
    sites.set(contestant, stack.use(await openSite(life, contestant, layout)));
  await work(sites);
}

async function writeRate(
  writers: Remote<WriterApi>[],
  place: "write" | "writeInside",
  way: Way,
  seconds: number,
): Promise<{ perSecond: number; busy: number }> {
  const all = await Promise.all(
    writers.map((writer) => writer.call(place, way, { rooms: writeRooms, seconds })),
  );
  return {
    perSecond: all.reduce((sum, { perSecond }) => sum + perSecond, 0),
    busy: Math.max(...all.map(({ loop }) => loop.busy)),
  };
}
