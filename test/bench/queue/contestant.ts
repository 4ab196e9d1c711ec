import type { Lifetime } from "../support/lifetime.ts";
import type { Postgres } from "../support/postgres.ts";
import type { Crew } from "./crew.ts";

/** What all contestants share. */
export type Arena = { life: Lifetime; postgres: Postgres };

/** How many jobs every contestant's worker runs at once. */
export const concurrency = 10;

/** A job queue that is measured: what it takes to give it jobs and to have them worked. */
export type Contestant = {
  /** What --peers= calls it. */
  readonly key: string;
  readonly name: string;
  /** Only its worker differs from the contestant before it: dispatch is not measured again. */
  readonly variant?: boolean;
  /** Version and the settings that matter, in one line. */
  about: string;
  /** Why it cannot take part; undefined if it can. */
  available(): Promise<string | undefined>;
  prepare(): Promise<void>;
  /** One job that does nothing. */
  dispatchOne(): Promise<unknown>;
  /** The same for many callers at once, if there is another way for them. */
  dispatchGathered?(): Promise<unknown>;
  /** One insert of the caller's and one job, both or neither. */
  dispatchInTransaction?(): Promise<unknown>;
  /** Jobs that do nothing, or a backlog: jobs that take `ms` on average and are less urgent than a probe. */
  dispatchMany(count: number, backlog?: { ms: number }): Promise<unknown>;
  /** Sends the most urgent job there is; resolves to the moment before it was sent. */
  probe(id: number): Promise<number>;
  /** It dispatches from one caller at a time only. */
  readonly oneCaller?: boolean;
  startWorker(): Promise<Crew>;
  /** Another worker that gets through the same jobs sooner, when only their remains matter. */
  startFastestWorker?(): Promise<Crew>;
  isEmpty(): Promise<boolean>;
  clear(): Promise<void>;
  /** Gathers the planner's statistics, as autovacuum does in the minute after a table has filled. */
  analyze?(): Promise<unknown>;
  /** The database of the jobs, where its bloat is measured too. */
  databaseUrl?(): string;
};

/** What the payload of a job says. */
export type Work = { probe?: number; ms?: number };

/** Calls `act` with at most `size` at a time. */
export async function inChunks(
  count: number,
  size: number,
  act: (count: number) => Promise<unknown>,
): Promise<void> {
  for (let left = count; left > 0; left -= size) await act(Math.min(left, size));
}
