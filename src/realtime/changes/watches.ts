import type pg from "pg";
import { codeOf } from "#errors.ts";
import { pause } from "#lib/pause.ts";
import { emit } from "#telemetry.ts";
import { RealtimeError } from "../errors.ts";

export type WatchesOptions = {
  relay: string;
  /** For how long a table stays watched after its last subscriber has left. */
  graceMs: number;
  /** Resolves when the feed reads of every table that is watched. */
  settle(): Promise<void>;
};

type Watch = {
  holders: number;
  watching: Promise<void> | undefined;
  watched: boolean;
  timer?: NodeJS.Timeout;
};

const retryMs = 50;
const busy = ["55P03", "40P01", "23503"]; // writers on the table; a deadlock; the relay is not known at this moment

/** Which tables this relay watches. Tables are named by their oid. */
export class Watches {
  readonly #pool: pg.Pool;
  readonly #options: WatchesOptions;
  readonly #watches = new Map<number, Watch>();
  readonly #turns = new Map<number, Promise<unknown>>();

  constructor(pool: pg.Pool, options: WatchesOptions) {
    this.#pool = pool;
    this.#options = options;
  }

  /** The tables whose changes are logged for this relay. */
  relations(): number[] {
    return [...this.#watches].filter(([, { watched }]) => watched).map(([relation]) => relation);
  }

  /** Resolves when every later commit to the table will be read; each call wants its release, also when it fails. */
  async hold(relation: number, timeoutMs: number): Promise<void> {
    const watch = this.#watches.get(relation) ?? { holders: 0, watching: undefined, watched: false };
    this.#watches.set(relation, watch);
    clearTimeout(watch.timer);
    watch.holders += 1;
    watch.watching ??= this.#begin(relation, watch, timeoutMs).catch((error: unknown) => {
      watch.watching = undefined;
      throw error;
    });
    await watch.watching;
    await this.#options.settle();
  }

  release(relation: number): void {
    const watch = this.#watches.get(relation);
    if (!watch) return;
    watch.holders -= 1;
    if (watch.holders > 0) return;
    clearTimeout(watch.timer);
    watch.timer = setTimeout(() => void this.#end(relation, watch), this.#options.graceMs).unref();
  }

  /** Enters the watch again and makes what its table lacks. */
  async renew(relation: number, timeoutMs: number): Promise<void> {
    await this.#inTurn(relation, () => this.#watch(relation, timeoutMs));
  }

  stop(): void {
    for (const { timer } of this.#watches.values()) clearTimeout(timer);
  }

  async #begin(relation: number, watch: Watch, timeoutMs: number): Promise<void> {
    await this.#inTurn(relation, () => this.#watch(relation, timeoutMs));
    watch.watched = true;
    emit("realtime:changes:watched", { relation });
  }

  async #end(relation: number, watch: Watch): Promise<void> {
    if (watch.holders > 0 || this.#watches.get(relation) !== watch) return;
    this.#watches.delete(relation);
    await this.#inTurn(relation, async () => {
      if (this.#watches.has(relation)) return;
      await this.#pool.query("select realtime.unwatch($1, $2)", [this.#options.relay, relation]);
      emit("realtime:changes:unwatched", { relation });
    }).catch((error: unknown) => emit("realtime:changes:failed", { error }));
  }

  async #watch(relation: number, timeoutMs: number): Promise<void> {
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      try {
        await this.#pool.query("select realtime.watch($1, $2)", [this.#options.relay, relation]);
        return;
      } catch (error) {
        if (!busy.includes(codeOf(error) ?? "")) throw error;
        if (performance.now() > deadline) throw timedOut(timeoutMs, error);
        await pause(retryMs);
      }
    }
  }

  /** What is done to one table is done one after the other: an end must not overtake the next beginning. */
  #inTurn(relation: number, work: () => Promise<void>): Promise<void> {
    const turn = (this.#turns.get(relation) ?? Promise.resolve()).then(work, work);
    const settled = turn
      .catch(() => {})
      .finally(() => {
        if (this.#turns.get(relation) === settled) this.#turns.delete(relation);
      });
    this.#turns.set(relation, settled);
    return turn;
  }
}

function timedOut(timeoutMs: number, cause: unknown): RealtimeError {
  return new RealtimeError(
    "PostgresChangesSubscribeTimeout",
    `Timed out after ${timeoutMs}ms waiting for the postgres_changes subscription`,
    { cause },
  );
}
