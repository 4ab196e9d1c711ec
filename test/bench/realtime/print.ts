import { circumstances } from "../support/contestants.ts";
import type { Postgres } from "../support/postgres.ts";
import { hundredths, percent, printTable, ratio, whole } from "../support/table.ts";
import { slots } from "./busy.ts";
import type { Contestant } from "./contestant.ts";
import { layoutsOf } from "./layouts.ts";
import type { Results } from "./results.ts";
import { roomSize, type Settings } from "./settings.ts";

/** What the numbers depend on, and how they are come by. */
export function printHead(
  postgres: Postgres,
  contestants: Contestant[],
  { repeats, seconds, warmup }: Settings,
): void {
  console.log(
    [
      ...circumstances(postgres, contestants),
      "",
      "How it is measured: each server is one process, its clients are all in a second one, the writers in a third, and all share the",
      "machine's clock. The clients of both sides are the same plain websockets (ws, no compression) that speak the server's wire by hand:",
      "Supabase's 2.0.0 with binary broadcasts, and engine.io 4 with socket.io 5. So the libraries of the clients, which would be the",
      "bottleneck, cost neither side anything. Every client is in one room, every message carries about 150 bytes of JSON, and no sender",
      "hears itself. Moments of sending are random. Howdah asks no database at a join, as the channels are public; socket.io has no login.",
      `Medians of ${repeats} runs of ${seconds} s (rates: half of it) after ${warmup} s of warm-up, the contestants in turn in every round. × is how many times Howdah's number it is.`,
      "late: p99 of how late a timer came in the process of the clients (or of the writers, if worse): what they add to a latency at most;",
      "busy: how much of the time that process was. Where it is near 100 %, it was measured and not the server: a rate with ≥ may be higher.",
    ].join("\n"),
  );
}

export function printLatency(results: Results, contestants: Contestant[], settings: Settings): void {
  for (const { key: layout, name, perSecond } of layoutsOf(settings)) {
    const row = (label: string, measure: string, key: string) => {
      const of = (what: string) => results.of(`${layout} ${measure} ${what}`, key);
      const ofHowdah = (what: string) => results.of(`${layout} broadcast ${what}`, "howdah");
      return [
        label,
        ...["p50", "p99"].flatMap((what) => [hundredths(of(what)), ratio(of(what), ofHowdah(what))]),
        results.all(`${layout} ${measure} p99`, key).map(hundredths).join(" "),
        ...["begunP50", "begunP99"].map((what) => hundredths(of(what))),
        whole(of("samples")),
        whole(results.worst(`${layout} ${measure} missing`, key)),
        ...[percent(of("serverBusy")), hundredths(of("late")), percent(of("busy"))],
      ];
    };
    const broadcasts = contestants.map(({ key, name }) => row(`${name}, client broadcast`, "broadcast", key));
    printTable(
      `Latency, ${name}, ${perSecond} messages/s: milliseconds to each receiver, from the sender's call, or from the return of the commit`,
      [
        "",
        "p50",
        "×",
        "p99",
        "×",
        "p99 of runs",
        "p50 from begin",
        "p99 from begin",
        "deliveries",
        "missing",
      ].concat(...[["server CPU", "late", "busy"]]),
      [
        ...broadcasts,
        row("Howdah, stored, announced as the API does", "after", "howdah"),
        row("Howdah, stored, plain SQL (NOTIFY inside)", "inside", "howdah"),
      ],
    );
  }
}

export function printSaturation(
  results: Results,
  contestants: Contestant[],
  { crowd, inFlight }: Settings & { inFlight: number },
): void {
  const rows = contestants.map(({ key, name }) => {
    const of = (what: string) => results.of(`saturation ${what}`, key);
    return [
      name,
      ...["messages", "deliveries"].map((what) => atLeast(whole(of(what)), of("busy"))),
      ratio(of("deliveries"), results.of("saturation deliveries", "howdah")),
      results.all("saturation deliveries", key).map(whole).join(" "),
      ...[percent(of("serverBusy")), hundredths(of("late")), percent(of("busy"))],
    ];
  });
  printTable(
    `Saturation: client broadcasts per second, ${whole(crowd)} sockets in rooms of ${roomSize}, ${inFlight} messages under way in each room`,
    ["", "messages/s", "deliveries/s", "×", "runs", "server CPU", "late", "busy"],
    rows,
  );
}

/** Clients without a moment to spare may be what the server waited for. */
function atLeast(rate: string, clientsBusy: number | undefined): string {
  return clientsBusy !== undefined && clientsBusy > 0.9 ? `≥ ${rate}` : rate;
}

export function printWrites(
  results: Results,
  { writers, rooms }: Settings & { writers: number; rooms: number },
): void {
  const ways = {
    plain: "plain inserts, no notification",
    after: "realtime.send, announced as the API does",
    inside: "realtime.send, NOTIFY inside",
  };
  const places = {
    write: `${writers} clients`,
    writeInside: `${writers} loops inside the database`,
  };
  const rows = Object.entries(places).flatMap(([place, where]) =>
    Object.entries(ways).map(([way, what]) => {
      const rate = results.of(`${place} ${way} perSecond`, "howdah");
      return [
        `${where}: ${what}`,
        whole(rate),
        ratio(rate, results.of(`${place} plain perSecond`, "howdah")),
        results.all(`${place} ${way} perSecond`, "howdah").map(whole).join(" "),
        percent(results.of(`${place} ${way} busy`, "howdah")),
      ];
    }),
  );
  printTable(
    `Writes: one-row transactions per second into ${whole(rooms)} rooms, while a relay reads along; busy: the busier of the two processes of the writers`,
    ["", "commits/s", "of plain", "runs", "busy"],
    rows,
  );
}

export function printMemory(results: Results, contestants: Contestant[], { idle }: Settings): void {
  const rows = contestants.map(({ key, name }) => {
    const of = (what: string) => results.of(`memory ${idle} ${what}`, key);
    const growth = of("growth");
    return [
      name,
      ...[whole(of("start")), whole(growth), ratio(growth, results.of(`memory ${idle} growth`, "howdah"))],
      growth === undefined ? "–" : ((growth * 1000) / idle).toFixed(1),
      whole(of("collected")),
    ];
  });
  printTable(
    `Memory: resident megabytes of the server by ${whole(idle)} idle sockets, each in one room of ${roomSize}; not that of Postgres or Redis`,
    ["", "before", "more", "×", "kB a socket", "more, after a collection"],
    rows,
  );
}

export function printBusy(results: Results, { crowd, jobs, jobMs }: Settings): void {
  const row = (label: string, measure: string) => {
    const of = (what: string) => results.of(`${measure} ${jobs} ${what}`, "howdah");
    const alone = (what: string) => results.of(`alone ${jobs} ${what}`, "howdah");
    return [
      label,
      ...["p50", "p99"].flatMap((what) => [hundredths(of(what)), ratio(of(what), alone(what))]),
      ...[whole(of("samples")), whole(results.worst(`${measure} ${jobs} missing`, "howdah"))],
      ...[percent(of("serverBusy")), hundredths(of("late")), percent(of("busy"))],
    ];
  };
  printTable(
    `Beside a busy queue: stored messages, announced as the API does, 200/s, ${whole(crowd)} sockets in rooms of ${roomSize}; ${whole(jobs)} jobs of ${jobMs} ms on average waiting at first, a worker of ${slots} slots that has worked a while`,
    ["", "p50", "×", "p99", "×", "deliveries", "missing", "server CPU", "late", "busy"],
    [row("no jobs", "alone"), row("jobs waiting and worked", "beside")],
  );
  const [rate, left] = ["jobsPerSecond", "left"].map((what) => whole(results.of(`queue ${what}`, "howdah")));
  console.log(`\nMeanwhile ${rate} jobs a second were worked, and ${left} were left at the end.`);
}
