import pg from "pg";
import * as v from "valibot";
import { AppError, codeOf } from "#errors.ts";
import { encrypt } from "#queue/encryption.ts";
import { Gatherer } from "#queue/gatherer.ts";
import { productTasks } from "#queue/tasks.ts";

/** The tasks of this program by name; each file of tasks/ adds its own. */
export type TaskName = keyof GraphileWorker.Tasks;

/** A pool, a client, or anything that runs a statement. */
export type Queryable = {
  query(text: string, values: unknown[]): Promise<{ rows: Record<string, unknown>[] }>;
};

export type DispatchOptions = {
  queue?: string;
  /** Seconds from now. */
  delay?: number;
  at?: Date;
  /** Smaller runs first; 0. */
  priority?: number;
  /** Attempts in all; 0 is without end. */
  tries?: number;
  maxExceptions?: number;
  /** Seconds before the second, third, ... attempt. */
  backoff?: readonly number[];
  /** Seconds; 0 is none. */
  timeout?: number;
  failOnTimeout?: boolean;
  retryUntil?: Date;
  /** Not dispatched while a job of this task and key is there; until it starts; or for some seconds, done or not. */
  unique?: string | { key: string; until?: "done" | "started"; forSeconds?: number };
  /** The last dispatch within `seconds` wins; `maxSeconds` after the first it runs in any case. */
  debounce?: { key: string; seconds: number; maxSeconds?: number };
  limits?: readonly string[];
  tags?: readonly string[];
  /** Seals the payload with the secret of configureEncryption. */
  encrypted?: boolean;
};

type Spec = Record<string, unknown>;

/** A job of `dispatchMany`, of a chain or of a batch. */
export type JobSpec<Name extends TaskName = TaskName> = {
  [N in Name]: DispatchOptions & { task: N; payload: GraphileWorker.Tasks[N] };
}[Name];

/**
 * Puts a job on its queue: with a client in that client's transaction, with a pool at once, gathered with what else is
 * dispatched in the same moment. Returns the job's uuid, or null when a job of the same unique key is there.
 * Throws AppError `HW422` for a payload that is not valid, and what queue.dispatch_many raises.
 */
export async function dispatch<Name extends TaskName>(
  db: Queryable,
  task: Name,
  payload: GraphileWorker.Tasks[Name],
  options: DispatchOptions = {},
): Promise<string | null> {
  const spec = await specOf({ ...options, task, payload } as JobSpec);
  if (db instanceof pg.Pool) return gathererOf(db).add(spec);
  return (await send(db, [spec]))[0] ?? null;
}

/** All or none, in one statement; the uuids stand in the order of the jobs. */
export async function dispatchMany(db: Queryable, jobs: readonly JobSpec[]): Promise<(string | null)[]> {
  return send(db, await Promise.all(jobs.map(specOf)));
}

/** Each job when the one before it has succeeded; `onFailure` when one has failed for good. */
export async function dispatchChain(
  db: Queryable,
  jobs: readonly JobSpec[],
  onFailure?: JobSpec,
): Promise<string | null> {
  const specs = await Promise.all(jobs.map(specOf));
  const last = onFailure ? JSON.stringify(await specOf(onFailure)) : null;
  return ask(db, "select queue.dispatch_chain($1, $2) as answer", specs, last);
}

/** A job as queue.dispatch_many reads it. Throws AppError `HW422` when its payload is not valid. */
export async function specOf({ task, payload, ...options }: JobSpec): Promise<Spec> {
  const definition = (await productTasks()).get(task);
  if (definition) refuseInvalid(task, v.safeParse(definition.payload, payload));
  const { unique, debounce, retryUntil, at, encrypted, maxExceptions, failOnTimeout, ...same } = options;
  const lock = typeof unique === "string" ? { key: unique } : unique;
  const spec = {
    ...{ task, ...same, encrypted },
    payload: encrypted ? encrypt(payload) : payload,
    run_at: at,
    max_exceptions: maxExceptions,
    fail_on_timeout: failOnTimeout,
    retry_until: retryUntil,
    unique_key: debounce?.key ?? lock?.key,
    unique_until: lock?.until,
    unique_for: lock?.forSeconds,
    debounce: debounce?.seconds,
    debounce_max: debounce?.maxSeconds,
  };
  for (const [name, value] of Object.entries(spec)) refuseNonsense(name, value);
  return spec;
}

function refuseInvalid(task: string, result: v.SafeParseResult<v.GenericSchema>): void {
  if (result.success) return;
  const [issue] = result.issues;
  const where = issue ? (v.getDotPath(issue) ?? "it") : "it";
  throw new AppError("HW422", `The payload of ${task} is not valid: ${where}: ${issue?.message}`, {
    status: 422,
  });
}

/** JSON would make null of it, and null is no option. */
function refuseNonsense(name: string, value: unknown): void {
  if (value instanceof Date && Number.isNaN(value.getTime()))
    throw new AppError("HW422", `${name} is no moment: it is an invalid Date.`, { status: 422 });
  if (typeof value === "number" && !Number.isFinite(value))
    throw new AppError("HW422", `${name} is no number: ${value}.`, { status: 422 });
}

function send(db: Queryable, specs: Spec[]): Promise<(string | null)[]> {
  return ask(db, "select queue.dispatch_many($1) as answer", specs);
}

/** Sends jobs, or lists of them, as `$1`; the statement names its one column `answer`. */
export async function ask<Answer>(
  db: Queryable,
  text: string,
  specs: (Spec | Spec[])[],
  ...more: (string | boolean | null)[]
): Promise<Answer> {
  try {
    const { rows } = await db.query(text, [JSON.stringify(specs), ...more]);
    return rows[0]?.answer as Answer;
  } catch (error) {
    throw codeOf(error) === "22P05" ? nulIn(specs.flat(), error) : error;
  }
}

function nulIn(specs: Spec[], cause: unknown): AppError {
  const names = [...new Set(specs.map(({ task }) => task))].join(", ");
  const message = `The payload of ${names} holds a NUL, which Postgres cannot store: leave it out.`;
  return new AppError("HW422", message, { status: 422, cause });
}

const gatherers = new WeakMap<pg.Pool, Gatherer>();

function gathererOf(pool: pg.Pool): Gatherer {
  const existing = gatherers.get(pool);
  if (existing) return existing;
  const gatherer = new Gatherer((specs) => send(pool, specs));
  gatherers.set(pool, gatherer);
  return gatherer;
}
