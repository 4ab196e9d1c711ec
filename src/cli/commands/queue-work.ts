import { type Call, command, numberOf } from "#cli/command.ts";
import { printJobs } from "#cli/job-lines.ts";
import { queuesNamed, requireConnection } from "#cli/names.ts";
import type { Print } from "#cli/print.ts";
import { limitTheStop, parentsEnd, stopSignal } from "#cli/stop-signal.ts";
import { loadConfig, startedByNpm } from "#config.ts";
import { parseOrder } from "#queue/order.ts";
import { onTelemetry } from "#telemetry.ts";

const stopWithinMs = 9500;
const text = { type: "string" } as const;

/** Of Laravel's worker, where here it is of the queue, so that it holds for all workers. */
const ofTheQueue = {
  backoff: { ...text, value: "SECONDS", setting: "backoff" },
  delay: { ...text, value: "SECONDS", setting: "backoff" },
  timeout: { ...text, value: "SECONDS", setting: "timeout_seconds" },
  tries: { ...text, value: "N", setting: "tries" },
  rest: { ...text, value: "SECONDS", setting: "rate" },
} as const;

const about = "here a setting of the queue: howdah queue:configure";
const noEffect = "accepted, without effect";

export const workOptions = {
  name: { ...text, value: "NAME", about: noEffect },
  queue: { ...text, value: "QUEUES", default: "default", about: "high,default: in strict order" },
  "max-jobs": { ...text, value: "N", default: "0", about: "ends after so many jobs" },
  "max-time": { ...text, value: "SECONDS", default: "0", about: "ends after so long" },
  memory: { ...text, value: "MB", default: "0", about: "ends with code 12 when it has grown above it" },
  force: { type: "boolean", about: noEffect },
  daemon: { type: "boolean", about: noEffect },
  sleep: { ...text, value: "SECONDS", about: `${noEffect}: workers are told of jobs` },
  backoff: { ...ofTheQueue.backoff, about },
  delay: { ...ofTheQueue.delay, about },
  timeout: { ...ofTheQueue.timeout, about },
  tries: { ...ofTheQueue.tries, about },
  rest: { ...ofTheQueue.rest, about: `${about} (rate)` },
  tasks: { ...text, value: "FOLDER", about: "the files of another folder than tasks/" },
} as const;

const ownOptions = {
  once: { type: "boolean", about: "runs the next job, if one waits, and ends" },
  "stop-when-empty": { type: "boolean", about: "ends when nothing waits" },
  "stop-when-empty-for": {
    ...text,
    value: "SECONDS",
    default: "0",
    about: "ends when no job ran for so long",
  },
  json: { type: "boolean", about: "a JSON object for each line" },
} as const;

const options = { ...workOptions, ...ownOptions } as const;

export const queueWork = command({
  about: "Start processing jobs on the queue as a daemon, one at a time; howdah work runs many",
  takes: ["connection?"],
  options,
  async offline({ print, values, args: [connection] }) {
    requireConnection(connection);
    warnOfSettings(print, values);
    const here = whereOf(values);
    const stopAsked = startedByNpm() ? Promise.race([stopSignal(), parentsEnd()]) : stopSignal();
    stopAsked.then(() => limitTheStop(stopWithinMs));
    const drain = Promise.withResolvers<void>();
    printJobs(print, { json: values.json === true });
    if (!values.json && !values.once) print.info(sayQueues([...here.order.keys()]));
    const idleSeconds = numberOf("--stop-when-empty-for", values["stop-when-empty-for"]);
    const { workHere } = await import("#cli/work-here.ts"); // loads all that a worker is made of
    return workHere(loadConfig(), here, {
      stopAsked,
      drainAsked: drain.promise,
      onReady: (worker) => endWhenIdle(worker, idleSeconds, drain.resolve),
      onSignal: (word) => word === "restart" && drain.resolve(),
    });
  },
});

export function sayQueues(queues: readonly string[]): string {
  return `Processing jobs from the [${queues.join(",")}] ${queues.length === 1 ? "queue" : "queues"}.`;
}

export function warnOfSettings(print: Print, values: Readonly<Record<string, unknown>>): void {
  const given = Object.entries(ofTheQueue).filter(([option]) => values[option] !== undefined);
  for (const [option, { setting }] of given)
    print.warn(
      `--${option} is here a setting of the queue, the same for all workers: howdah queue:configure default ${setting}=…`,
    );
}

function whereOf(values: Call<typeof options>["values"]) {
  const once = values.once === true;
  const [maxJobs, maxSeconds, memoryMb] = (["max-jobs", "max-time", "memory"] as const).map((option) =>
    numberOf(`--${option}`, values[option]),
  );
  return {
    order: parseOrder(queuesNamed(values.queue).join(",")),
    slots: 1,
    limits: {
      ...(once ? { maxJobs: 1 } : maxJobs ? { maxJobs } : {}),
      ...(maxSeconds ? { maxSeconds } : {}),
      ...(memoryMb ? { memoryMb } : {}),
    },
    stopWhenEmpty: once || values["stop-when-empty"] === true,
    tasks: values.tasks,
  };
}

function endWhenIdle(worker: { running: number }, seconds: number, end: () => void): void {
  if (seconds === 0) return;
  let since = performance.now();
  onTelemetry((event) => {
    if (event.startsWith("job:")) since = performance.now();
  });
  const look = () => worker.running === 0 && performance.now() - since >= seconds * 1000 && end();
  setInterval(look, 100).unref();
}
