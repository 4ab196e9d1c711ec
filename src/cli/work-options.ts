import os from "node:os";
import { parseArgs } from "node:util";
import { AppError, messageOf } from "#errors.ts";
import { type Place, parseOrder } from "#queue/order.ts";
import type { Bounds } from "#queue/scaling.ts";

export type WorkOptions = Bounds & {
  name: string;
  order: Map<string, Place> | undefined;
  /** Slots of each process. */
  slots: number;
  limits: Limits;
  stopWhenEmpty: boolean;
  /** A folder of other tasks than the product's. */
  tasks: string | undefined;
};

/** When a process ends by its own decision. */
export type Limits = { maxJobs?: number; maxSeconds?: number; memoryMb?: number };

export const workUsage = `howdah work [options]: runs jobs until SIGINT or SIGTERM

  --queue=high,default      the queues to serve in strict order; a+b:3 shares a rank by weight (all queues)
  --concurrency=10          jobs at once in each process
  --processes=1             worker processes; 2..20 scales between the two by what waits
  --target-wait=5           seconds in which what waits should be worked off
  --balance-cooldown=3      seconds between two changes of the number of processes
  --balance-max-shift=1     processes more or fewer at each change
  --name=…                  the name of the supervisor (host and process id)
  --memory=MB               a process that has grown above it ends its jobs and is replaced; alone it ends with code 12
  --max-jobs=N              a process ends after so many jobs, with those it has begun; where there are several it is replaced
  --max-time=SECONDS        likewise after so long
  --stop-when-empty         ends when nothing waits
  --once                    runs one job, if one waits, and ends
  --tasks=FOLDER            the files of another folder than tasks/
`;

/** Throws AppError `BadOption` with one sentence. */
export function readWorkOptions(args: string[]): WorkOptions {
  const given = parse(args);
  const { min, max } = processesOf(given.processes);
  const once = given.once === true;
  if (once && max > 1)
    throw new AppError("BadOption", "--once runs one job in one process: leave --processes away.");
  return {
    ...{ min, max },
    targetWaitSeconds: number("target-wait", given["target-wait"], 0.1, 86_400) ?? 5,
    cooldownMs: 1000 * (number("balance-cooldown", given["balance-cooldown"], 0, 86_400) ?? 3),
    maxShift: whole("balance-max-shift", given["balance-max-shift"]) ?? 1,
    name: given.name ?? `${os.hostname()}:${process.pid}`,
    order: given.queue === undefined ? undefined : parseOrder(given.queue),
    slots: once ? 1 : (whole("concurrency", given.concurrency) ?? 10),
    limits: limitsOf(given, once),
    stopWhenEmpty: once || given["stop-when-empty"] === true,
    tasks: given.tasks,
  };
}

function parse(args: string[]) {
  try {
    return parseArgs({ args, options }).values;
  } catch (error) {
    throw new AppError("BadOption", `${messageOf(error)} See howdah work --help.`, { cause: error });
  }
}

const text = { type: "string" } as const;
const flag = { type: "boolean" } as const;
const options = {
  ...{ queue: text, concurrency: text, processes: text, name: text, tasks: text },
  ...{ "target-wait": text, "balance-cooldown": text, "balance-max-shift": text },
  ...{ memory: text, "max-jobs": text, "max-time": text, "stop-when-empty": flag, once: flag },
} as const;

function processesOf(given = "1"): { min: number; max: number } {
  const [, low = "", high = low] = /^(\d{1,3})(?:\.\.(\d{1,3}))?$/.exec(given) ?? [];
  const [min, max] = [Number(low), Number(high)];
  if (!(min >= 1 && max >= min))
    throw new AppError("BadOption", `--processes cannot be "${given}": write a number such as 4, or 2..20.`);
  return { min, max };
}

function limitsOf(given: ReturnType<typeof parse>, once: boolean): Limits {
  const maxJobs = once ? 1 : whole("max-jobs", given["max-jobs"]);
  const maxSeconds = whole("max-time", given["max-time"]);
  const memoryMb = whole("memory", given.memory);
  return {
    ...(maxJobs === undefined ? {} : { maxJobs }),
    ...(maxSeconds === undefined ? {} : { maxSeconds }),
    ...(memoryMb === undefined ? {} : { memoryMb }),
  };
}

function whole(option: string, given: string | undefined): number | undefined {
  if (given === undefined || (/^\d{1,9}$/.test(given) && Number(given) >= 1))
    return given === undefined ? undefined : Number(given);
  throw new AppError("BadOption", `--${option} must be a whole number from 1 on, not "${given}".`);
}

function number(option: string, given: string | undefined, low: number, high: number): number | undefined {
  if (given === undefined) return undefined;
  if (/^\d+(\.\d+)?$/.test(given) && Number(given) >= low && Number(given) <= high) return Number(given);
  throw new AppError("BadOption", `--${option} must be a number from ${low} to ${high}, not "${given}".`);
}
