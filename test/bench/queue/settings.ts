import { parseArgs } from "node:util";

const measurements = ["drain", "dispatch", "pickup", "bloat"] as const;

export type Measurement = (typeof measurements)[number];

export type Settings = {
  /** Jobs to drain. */
  jobs: number;
  repeats: number;
  /** Probes in one run of pick-up. */
  samples: number;
  /** Jobs that wait while probes are picked up, and the time that they take on average. */
  backlog: number;
  backlogMs: number;
  /** Dead rows under the snapshot that is held. */
  dead: number;
  /** The longest that one run may take. */
  seconds: number;
  only: Measurement[];
  /** Prefixes of the contestants' keys. */
  peers: string[] | undefined;
};

/** --jobs=2000 --repeats=1 --samples=20 --backlog=2000 --dead=5000 --seconds=1 is a smoke run. */
export function readSettings(args: string[]): Settings {
  const { values } = parseArgs({ args, options });
  const number = (name: keyof typeof options) => {
    const value = Number(values[name]);
    if (!(value >= 0)) throw new Error(`--${name} must be a number, not "${values[name]}".`);
    return value;
  };
  return {
    jobs: number("jobs"),
    repeats: number("repeats"),
    samples: number("samples"),
    backlog: number("backlog"),
    backlogMs: number("backlog-ms"),
    dead: number("dead"),
    seconds: number("seconds"),
    only: measurementsOf(values.only),
    peers: values.peers?.split(","),
  };
}

const options = {
  jobs: { type: "string", default: "30000" },
  repeats: { type: "string", default: "3" },
  samples: { type: "string", default: "150" },
  backlog: { type: "string", default: "100000" },
  "backlog-ms": { type: "string", default: "20" },
  dead: { type: "string", default: "200000" },
  seconds: { type: "string", default: "3" },
  only: { type: "string", default: measurements.join() },
  peers: { type: "string" },
} as const;

function measurementsOf(list: string): Measurement[] {
  return list.split(",").map((name) => {
    const known = measurements.find((each) => each === name);
    if (!known) throw new Error(`--only knows ${measurements.join(", ")}, not "${name}".`);
    return known;
  });
}
