import * as v from "valibot";
import type { Job } from "#queue/job.ts";

/** What a file of tasks/ exports as default: made by `task`. */
export type Task<Payload = unknown> = {
  payload: v.GenericSchema<unknown, Payload>;
  options: TaskOptions;
  run: (payload: Payload, job: Job) => Promise<unknown>;
  /** The module that exports it, when it was loaded from a folder: what a child process loads. */
  file?: string;
};

export type TaskOptions = {
  queue?: string;
  /** Attempts in all; 0 is without end. */
  tries?: number;
  maxExceptions?: number;
  /** Seconds before the second, third, ... attempt. */
  backoff?: readonly number[];
  /** Seconds; 0 is none. */
  timeout?: number;
  failOnTimeout?: boolean;
  priority?: number;
  limits?: readonly string[];
  tags?: readonly string[];
  uniqueUntil?: "done" | "started";
  /** Other names under which jobs come, such as a Laravel class: "App\\Jobs\\SendMail". */
  aliases?: readonly string[];
  /** In a child process of its own, which is killed at the timeout. */
  isolated?: boolean;
  /** `job.query` runs in the transaction that completes the job: both are committed, or neither. */
  transactional?: boolean;
  middleware?: readonly Middleware[];
};

/** A function round a task; it calls `next`, or not, or throws Fail or Snooze. */
export type Middleware = (job: Job, next: () => Promise<unknown>) => Promise<unknown>;

type Definition<Schema extends v.GenericSchema> = TaskOptions & {
  payload: Schema;
  run: (payload: v.InferOutput<Schema>, job: Job) => Promise<unknown>;
};

/** Defines a task: its payload's schema, its options, and what it does. */
export function task<Schema extends v.GenericSchema>({
  payload,
  run,
  ...options
}: Definition<Schema>): Task<v.InferOutput<Schema>> {
  return { payload: payload as v.GenericSchema<unknown, v.InferOutput<Schema>>, run, options };
}

export function throughMiddleware(task: Task, job: Job, run: () => Promise<unknown>): Promise<unknown> {
  const { middleware = [] } = task.options;
  return middleware.reduceRight<() => Promise<unknown>>((next, around) => () => around(job, next), run)();
}

/** The payload of a task that needs nothing but its name. */
export const nothing = v.object({});

/** The type that a caller has to give: `interface Tasks { "noun/verb": PayloadOf<typeof definition> }`. */
export type PayloadOf<T> = T extends Task<infer Payload> ? Payload : never;

/** The keys without which a payload cannot be valid. */
export function requiredKeys(schema: v.GenericSchema): string[] {
  const { entries } = schema as { entries?: Record<string, { type: string }> };
  return Object.entries(entries ?? {})
    .filter(([, { type }]) => !["optional", "nullish", "exact_optional", "undefinedable"].includes(type))
    .map(([key]) => key);
}
