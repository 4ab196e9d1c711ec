import { execFileSync } from "node:child_process";
import { parseArgs } from "node:util";

const measurements = ["latency", "saturation", "writes", "memory", "busy"] as const;

export type Measurement = (typeof measurements)[number];

export type Settings = {
  /** Numbers of sockets in rooms of 25 between which latencies are compared. */
  sockets: number[];
  /** Sockets in the one big room. */
  room: number;
  /** Sockets at saturation and beside the busy queue. */
  crowd: number;
  /** Sockets that do nothing. */
  idle: number;
  /** Jobs that wait, and the time that one takes on average. */
  jobs: number;
  jobMs: number;
  repeats: number;
  /** What one run of a latency takes, not counting its warm-up; one of a rate takes half of it. */
  seconds: number;
  warmup: number;
  /** After so many minutes every measurement has one run only. */
  minutes: number;
  only: Measurement[];
  /** Prefixes of the contestants' keys. */
  peers: string[] | undefined;
};

/** Sockets come in whole rooms. */
export const roomSize = 25;

/** --sockets=100 --room=100 --crowd=100 --idle=500 --jobs=2000 --repeats=1 --seconds=1 is a smoke run. */
export function readSettings(args: string[]): Settings {
  const { values } = parseArgs({ args, options });
  const number = (name: Exclude<keyof typeof options, "only" | "peers" | "sockets">) =>
    positive(values[name], name);
  const inRooms = (sockets: number) => Math.max(1, Math.round(sockets / roomSize)) * roomSize;
  const settings = {
    sockets: values.sockets.split(",").map((each) => inRooms(positive(each, "sockets"))),
    room: Math.max(2, number("room")),
    crowd: inRooms(number("crowd")),
    idle: inRooms(number("idle")),
    jobs: number("jobs"),
    jobMs: number("job-ms"),
    repeats: number("repeats"),
    seconds: number("seconds"),
    warmup: Math.min(1, number("seconds") / 2),
    minutes: number("minutes"),
    only: measurementsOf(values.only),
    peers: values.peers?.split(","),
  };
  assertFiles(Math.max(...settings.sockets, settings.room, settings.crowd, settings.idle));
  return settings;
}

const options = {
  sockets: { type: "string", default: "100,1000,5000" },
  room: { type: "string", default: "1000" },
  crowd: { type: "string", default: "1000" },
  idle: { type: "string", default: "5000" },
  jobs: { type: "string", default: "100000" },
  "job-ms": { type: "string", default: "5" },
  repeats: { type: "string", default: "3" },
  seconds: { type: "string", default: "4" },
  minutes: { type: "string", default: "9" },
  only: { type: "string", default: measurements.join() },
  peers: { type: "string" },
} as const;

function positive(text: string, name: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new Error(`--${name} must be a number above 0, not "${text}".`);
  return value;
}

function measurementsOf(list: string): Measurement[] {
  return list.split(",").map((name) => {
    const known = measurements.find((each) => each === name);
    if (!known) throw new Error(`--only knows ${measurements.join(", ")}, not "${name}".`);
    return known;
  });
}

/** Node raises the soft limit by itself; the hard one is the machine's. */
function assertFiles(sockets: number): void {
  const limit = Number(execFileSync("sh", ["-c", "ulimit -Hn"], { encoding: "utf8" }));
  if (limit < sockets + 200)
    throw new Error(`${sockets} sockets need more open files than the hard limit (ulimit -Hn) of ${limit}.`);
}
