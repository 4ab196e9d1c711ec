import type pg from "pg";
import { type Database, impatiently } from "#db/impatient.ts";
import { insist, isAway } from "#db/insist.ts";
import { Allowance } from "#lib/allowance.ts";
import type { Serving } from "#queue/serving.ts";
import { emit } from "#telemetry.ts";

/** A job that has run well and whose row still stands. */
export type Finished = {
  id: string;
  attempt: number;
  uuid: string;
  task: string;
  ms: number;
  /** It may hold keys. */
  flagged: boolean;
};

const [burst, restMs] = [20, 10];
const mostAtOnce = 500;
const mostWaiting = 1000;

/**
 * Completes jobs in groups: while one statement is under way, the next gathers. A job alone is completed at once; a
 * thousand trivial ones share a handful of commits. Nothing is forgotten: a statement whose answer was lost is asked
 * about and sent again.
 */
export class Completions {
  readonly #of: () => Serving;
  /** A steady stream of short jobs would else make a statement of every few, and take from the database what others need. */
  readonly #statements = new Allowance(burst, burst * restMs);
  #waiting: Finished[] = [];
  #running: Promise<void> | undefined;

  constructor(of: () => Serving) {
    this.#of = of;
  }

  get #serving(): Serving {
    return this.#of();
  }

  /** Resolves when another job may be taken: at once, unless completions fall behind. */
  async add(finished: Finished): Promise<void> {
    this.#waiting.push(finished);
    this.#running ??= this.#run();
    while (this.#waiting.length >= mostWaiting && this.#running) await this.#running;
  }

  /** Resolves when all that was added is completed, or given up because the process stops. */
  async drained(): Promise<void> {
    while (this.#running) await this.#running;
  }

  async #run(): Promise<void> {
    await undefined; // what ends in the same turn goes together
    while (this.#waiting.length > 0) {
      await this.#statements.taken();
      await this.#complete(this.#waiting.splice(0, mostAtOnce));
    }
    this.#running = undefined;
  }

  async #complete(group: Finished[]): Promise<void> {
    try {
      const done = new Set(await this.#send(group));
      for (const finished of group) this.#settle(finished, done.has(finished.id));
    } catch (error) {
      if (isAway(error)) return; // the process gives up: its rows go back with the others
      if (group.length > 1) for (const finished of group) await this.#complete([finished]);
      else if (group[0]) await this.#serving.refuse(group[0], error); // it would be refused for ever
    }
  }

  /** What an earlier try has completed without its answer coming back is found in the history. */
  async #send(group: Finished[]): Promise<string[]> {
    const { db, workerId, givenUp } = this.#serving;
    let tries = 0;
    return insist(async () => {
      tries++;
      const done = await completeMany(db, this.#serving, group);
      if (tries === 1 || done.length === group.length) return done;
      return [...done, ...(await alreadyCompleted(db, workerId, group))];
    }, givenUp);
  }

  #settle({ id, attempt, task, uuid, ms, flagged }: Finished, done: boolean): void {
    this.#serving.held.delete(id);
    if (flagged) this.#serving.keyFreed();
    const about = { id, uuid, task, queue: this.#serving.queue, attempt };
    if (done) emit("job:completed", { ...about, ms });
    else emit("job:fenced", about);
  }
}

/** Completes in the given connection's transaction or statement; returns the ids that were still held. */
export async function completeMany(
  db: Database | pg.ClientBase,
  { workerId, queue }: Pick<Serving, "workerId" | "queue">,
  group: Finished[],
): Promise<string[]> {
  const { rows } = await db.query<{ done: string[] }>(
    impatiently({
      name: "complete_many",
      text: "select queue.complete_many($1, $2, $3::bigint[], $4::int[], $5::uuid[], $6::text[], $7::float8[]) as done",
      values: [
        workerId,
        queue,
        ...columnsOf(group),
        group.map(({ task }) => task),
        group.map(({ ms }) => ms),
      ],
    }),
  );
  return rows[0]?.done ?? [];
}

async function alreadyCompleted(db: Database, workerId: string, group: Finished[]): Promise<string[]> {
  const { rows } = await db.query<{ done: string[] }>(
    "select queue.completed_already($1, $2::bigint[], $3::int[], $4::uuid[]) as done",
    [workerId, ...columnsOf(group)],
  );
  return rows[0]?.done ?? [];
}

function columnsOf(group: Finished[]) {
  return [group.map(({ id }) => id), group.map(({ attempt }) => attempt), group.map(({ uuid }) => uuid)];
}
