import { isObject } from "#lib/is-object.ts";
import { type LaravelLink, readLaravelJob } from "#queue/laravel.ts";

/** What the payload of a job says beyond its data; see docs/queue.md for the keys. */
export type Envelope = {
  uuid: string;
  task: string;
  data: unknown;
  timeout: number | undefined;
  failOnTimeout: boolean | undefined;
  uniqueUntil: string | undefined;
  encrypted: boolean;
  limits: string[];
  tags: string[];
  batchId: string | undefined;
  /** The next job of a Laravel chain. */
  next: LaravelLink | undefined;
  /** Why the payload cannot be read. */
  problem: string | undefined;
};

/**
 * Reads the envelope of queue.dispatch or of a Laravel app; a payload that is none belongs to a job that was added by the
 * task's own name, `identifier`, and is that task's data. `jobId` stands in for a uuid that is missing.
 */
export function readEnvelope(payload: unknown, identifier: string, jobId: string): Envelope {
  const given = isObject(payload) && typeof payload.job === "string" ? payload : { data: payload };
  const name = textOf(given.job)?.replace(/@\w+$/, "") ?? identifier;
  const laravel = readLaravelJob(payload);
  return {
    uuid: typeof given.uuid === "string" && isUuid.test(given.uuid) ? given.uuid : uuidOf(jobId),
    task: laravel?.task ?? name,
    data: laravel?.data ?? given.data ?? {},
    timeout: numberOf(given.timeout),
    failOnTimeout: typeof given.failOnTimeout === "boolean" ? given.failOnTimeout : undefined,
    uniqueUntil: textOf(given.uniqueUntil),
    encrypted: given.encrypted === true,
    limits: textsOf(given.limits),
    tags: textsOf(given.tags),
    batchId: textOf(given.batchId) ?? laravel?.batchId,
    next: laravel?.next,
    problem: laravel?.problem,
  };
}

const isUuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** As queue.uuid_of does it. */
function uuidOf(jobId: string): string {
  return `00000000-0000-8000-8000-${BigInt(jobId).toString(16).padStart(12, "0")}`;
}

const numberOf = (value: unknown) => (typeof value === "number" && value >= 0 ? value : undefined);

/** Postgres has no NUL in text. */
const textOf = (value: unknown) => (typeof value === "string" ? value.replaceAll("\0", "") : undefined);

const textsOf = (value: unknown) => (Array.isArray(value) ? value.flatMap((each) => textOf(each) ?? []) : []);
