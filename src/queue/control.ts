import type { Queryable } from "#queue/dispatch.ts";
import type { QueueSettings } from "#queue/queues.ts";

export type PauseOptions = { reason?: string; until?: Date; forSeconds?: number };

/** Workers take no more jobs of the queue, or of any; what runs, ends. Without an end it lasts until `resume`. */
export async function pause(
  db: Queryable,
  queue: string | "*",
  { reason, until, forSeconds }: PauseOptions = {},
): Promise<void> {
  await ask(db, "queue.pause($1, $2, $3, make_interval(secs => $4))", queue, reason, until, forSeconds);
}

/** False when it was not paused. A queue's own pause outlives that of all. */
export const resume = (db: Queryable, queue: string | "*") => ask<boolean>(db, "queue.resume($1)", queue);

export const isPaused = (db: Queryable, queue: string) => ask<boolean>(db, "queue.is_paused($1)", queue);

/** By id or uuid: `cancelled` when it waited, `asked` when it runs and its signal is being aborted. */
export const cancel = (db: Queryable, job: string, reason?: string) =>
  ask<"cancelled" | "asked" | "unknown">(db, "queue.cancel($1::text, $2)", job, reason);

/** Makes a waiting job due at once; false when it runs or is gone. */
export const runNow = (db: Queryable, jobId: string) => ask<boolean>(db, "queue.run_now($1)", jobId);

/** Puts a failed job back on its queue with all its attempts; false when there is no such failed job. */
export const retry = (db: Queryable, uuid: string) => ask<boolean>(db, "queue.retry($1)", uuid);

/** Puts all failed jobs back, or those of one queue; how many. */
export const retryAll = (db: Queryable, queue?: string) => count(db, "queue.retry_all($1)", queue);

export const retryBatch = (db: Queryable, batchId: string) => count(db, "queue.retry_batch($1)", batchId);

export type FailedFilter = Partial<
  Record<"queue" | "task" | "tag" | "batch" | "exception", string> &
    Record<"since" | "until", Date> & { limit: number }
>;

/** Puts the failed jobs back that match every key; `exception` is an ILIKE pattern. */
export const retryWhere = (db: Queryable, filter: FailedFilter) =>
  count(db, "queue.retry_where($1)", JSON.stringify(filter));

/** Deletes a failed job; false when there is none. */
export const forget = (db: Queryable, uuid: string) => ask<boolean>(db, "queue.forget($1)", uuid);

/** Deletes failed jobs: all, those older than some hours, those of one queue; how many. */
export const flush = (db: Queryable, { hours, queue }: { hours?: number; queue?: string } = {}) =>
  count(db, "queue.flush($1, $2)", hours, queue);

/** Deletes every waiting and delayed job of a queue; how many. */
export const clear = (db: Queryable, queue: string) => count(db, "queue.clear($1)", queue);

type Settings = QueueSettings & { served?: boolean };

export async function createQueue(db: Queryable, name: string, settings: Settings = {}): Promise<void> {
  await ask(db, "queue.create_queue($1, $2)", name, JSON.stringify(settings));
}

/** Changes settings of a queue while it runs. They stay until the code itself says something new (src/queue/queues.ts). */
export async function configure(db: Queryable, name: string, settings: Settings): Promise<void> {
  await ask(db, "queue.configure($1, $2)", name, JSON.stringify(settings));
}

/** A limit of all jobs that name this key, over all processes. */
export type Limit = {
  rate?: number;
  rateSeconds?: number;
  concurrency?: number;
  /** The circuit breaker opens after so many failures within `breakerSeconds`, for `breakerCooldownSeconds`. */
  breakerFailures?: number;
  breakerSeconds?: number;
  breakerCooldownSeconds?: number;
};

/** `tenant:*` is the limit of each of tenant:1, tenant:2, ... that has none of its own. */
export async function limit(db: Queryable, key: string, given: Limit): Promise<void> {
  const { rateSeconds = 1, breakerSeconds = 60, breakerCooldownSeconds = 60 } = given;
  await ask(
    db,
    `queue."limit"($1, $2, $3, $4, $5, $6, $7)`,
    key,
    given.rate,
    rateSeconds,
    given.concurrency,
    given.breakerFailures,
    breakerSeconds,
    breakerCooldownSeconds,
  );
}

/** False when there was none. */
export const unlimit = (db: Queryable, key: string) => ask<boolean>(db, "queue.unlimit($1)", key);

const count = async (db: Queryable, call: string, ...values: unknown[]) =>
  Number(await ask(db, call, ...values));

async function ask<Answer>(db: Queryable, call: string, ...values: unknown[]): Promise<Answer> {
  const { rows } = await db.query(`select ${call} as answer`, values);
  return rows[0]?.answer as Answer;
}
