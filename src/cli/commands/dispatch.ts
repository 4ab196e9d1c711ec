import { command, numberOf, timeOf } from "#cli/command.ts";
import { AppError, messageOf } from "#errors.ts";
import type { DispatchOptions } from "#queue/dispatch.ts";

const text = { type: "string" } as const;

export const dispatchJob = command({
  about: "Put a task on its queue",
  takes: ["task", "payload?"],
  options: {
    queue: { ...text, value: "QUEUE", about: "another queue than the task's own" },
    delay: { ...text, value: "SECONDS", about: "not before so long" },
    at: { ...text, value: "TIME", about: "not before this time, such as 2026-12-24T18:00:00Z" },
    priority: { ...text, value: "N", about: "smaller runs first; 0 unless said" },
    tries: { ...text, value: "N", about: "attempts in all; 0 is without end" },
    "max-exceptions": { ...text, value: "N", about: "it may throw so often" },
    backoff: { ...text, value: "5,25", about: "seconds before the second, third, ... attempt" },
    timeout: { ...text, value: "SECONDS", about: "for each attempt; 0 is none" },
    "fail-on-timeout": { type: "boolean", about: "a timeout is its last attempt" },
    "retry-until": { ...text, value: "TIME", about: "tried until then, however often" },
    unique: { ...text, value: "KEY", about: "not if a job of this task and key is there" },
    "unique-until": { ...text, value: "started", about: "done, unless said" },
    "unique-for": { ...text, value: "SECONDS", about: "one in so long, whether done or not" },
    debounce: { ...text, value: "SECONDS", about: "the last dispatch within so long wins; with --unique" },
    limit: { ...text, value: "KEY", multiple: true, about: "a key of queue:limit; may be repeated" },
    tag: { ...text, value: "TAG", multiple: true, about: "may be repeated" },
    json: { type: "boolean", about: "the uuid as JSON" },
  },
  async run({ db, print, args: [task = "", payload = "{}"], values }) {
    const { dispatchMany } = await import("#queue/dispatch.ts");
    const job = { task, payload: payloadOf(payload), ...optionsOf(values) };
    const [uuid = null] = await dispatchMany(db.client, [job as never]);
    if (values.json) print.json({ uuid });
    else if (uuid === null) print.info("A job of this key is there already: nothing was dispatched.");
    else print.info(`Dispatched [${task}] as ${uuid}`);
  },
});

type Given = Readonly<Record<string, string | string[] | boolean | undefined>>;

function optionsOf(given: Given): DispatchOptions {
  const all = {
    ...{ queue: given.queue, limits: given.limit, tags: given.tag, failOnTimeout: given["fail-on-timeout"] },
    ...{ delay: number(given, "delay"), priority: number(given, "priority"), tries: number(given, "tries") },
    ...{ maxExceptions: number(given, "max-exceptions"), timeout: number(given, "timeout") },
    ...{ at: time(given, "at"), retryUntil: time(given, "retry-until"), backoff: listOf(given.backoff) },
    ...keyOf(given),
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

function keyOf(given: Given): object {
  const { unique: key, "unique-until": until } = given;
  const [seconds, forSeconds] = [number(given, "debounce"), number(given, "unique-for")];
  if (key === undefined && (seconds ?? forSeconds ?? until) !== undefined)
    throw new AppError("BadOption", "--debounce, --unique-until and --unique-for need the key of --unique.");
  if (seconds !== undefined) return { debounce: { key, seconds } };
  return key === undefined ? {} : { unique: { key, until, forSeconds } };
}

function number(given: Given, option: string): number | undefined {
  const text = given[option];
  if (typeof text !== "string") return undefined;
  return option === "priority" && text.startsWith("-")
    ? -numberOf("--priority", text.slice(1))
    : numberOf(`--${option}`, text);
}

function time(given: Given, option: string): Date | undefined {
  const text = given[option];
  return typeof text === "string" ? timeOf(`--${option}`, text) : undefined;
}

function listOf(text: Given[string]): number[] | undefined {
  return typeof text === "string" ? text.split(",").map((each) => numberOf("--backoff", each)) : undefined;
}

function payloadOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new AppError(
      "BadOption",
      `The payload is no JSON (${messageOf(error)}): write '{"key": "value"}'.`,
    );
  }
}
