import type pg from "pg";
import { pause } from "#lib/pause.ts";
import { tickOne } from "#queue/tick.ts";
import { emit } from "#telemetry.ts";

const longestSleepMs = 30_000;
const heldByOthersMs = 1000;
const afterErrorMs = 1000;

/** Runs the schedules of the database; every worker process has one, and each tick is run by one of them. */
export class Ticker implements AsyncDisposable {
  readonly #pool: pg.Pool;
  readonly #stopping = new AbortController();
  #sleep = new AbortController();
  #life: Promise<void> = Promise.resolve();

  constructor(pool: pg.Pool) {
    this.#pool = pool;
  }

  start(): void {
    this.#life = this.#live();
  }

  /** Looks at once: schedules were edited, or a notice of that may have been missed. */
  wake(): void {
    this.#sleep.abort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort();
    await this.#life;
  }

  async #live(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      this.#sleep = new AbortController(); // before the look, so that an edit meanwhile is not slept over
      const restMs = await this.#look().catch((error: unknown) => {
        emit("schedule:error", { error });
        return afterErrorMs;
      });
      await pause(restMs, AbortSignal.any([this.#sleep.signal, this.#stopping.signal]));
    }
  }

  /** Runs what is due; resolves to how long nothing will be. */
  async #look(): Promise<number> {
    const restMs = await this.#runDue();
    if (restMs > 0) return restMs;
    return (await this.#runDue()) || heldByOthersMs; // it may have become due between the two questions
  }

  async #runDue(): Promise<number> {
    while (!this.#stopping.signal.aborted && (await tickOne(this.#pool)));
    const { rows } = await this.#pool.query<{ ms: number | null }>(
      "select queue.milliseconds_to_tick() as ms",
    );
    return Math.min(Math.ceil(rows[0]?.ms ?? longestSleepMs), longestSleepMs);
  }
}
