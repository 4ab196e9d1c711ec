import type pg from "pg";
import type { Database } from "#db/impatient.ts";
import type { Completions, Finished } from "#queue/completions.ts";
import type { Deadline } from "#queue/deadline.ts";
import type { Slots } from "#queue/slots.ts";
import type { Tasks } from "#queue/tasks.ts";

/** What surrounds the jobs of one queue in this process. */
export type Serving = {
  readonly queue: string;
  /** The graphile-worker pool's id: what locked_by names. */
  readonly workerId: string;
  /** For tasks, which may take their time. */
  readonly pool: pg.Pool;
  readonly db: Database;
  readonly databaseUrl: string;
  readonly tasks: Tasks;
  readonly slots: Slots;
  readonly completions: Completions;
  /** Jobs that this worker has locked, by id, and the attempt it is. */
  readonly held: Map<string, number>;
  /** Jobs that were cancelled after they were fetched and before they were begun. */
  readonly cancelled: Set<string>;
  /** Running jobs by id, to be cancelled. */
  readonly running: Map<string, Deadline>;
  /** No more jobs are to be begun. */
  readonly closing: AbortSignal;
  /** Nothing is waited for any more. */
  readonly givenUp: AbortSignal;
  /** Seconds, of jobs that say nothing else; 0 is none. */
  readonly timeout: number;
  /** Fails a job whose completion Postgres refuses. */
  refuse(finished: Finished, error: unknown): Promise<void>;
  /** A job whose end could not be recorded: its row is given back by and by. */
  leave(jobId: string): void;
  /** A job that was not begun, because a key has closed since it was fetched. */
  keyClosed(): void;
  /** A job with keys has ended. */
  keyFreed(): void;
};
