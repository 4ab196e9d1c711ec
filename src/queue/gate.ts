import type { Database } from "#db/impatient.ts";
import { pause } from "#lib/pause.ts";

const staleAfterMs = 100;

export type GateOptions = {
  db: Database;
  queue: string;
  rate: number | null;
  rateSeconds: number;
  closing: AbortSignal;
  /** Called when a key has opened by itself. */
  wake: () => void;
};

/**
 * What graphile-worker asks before every fetch of a queue with limits: waits for a token of the queue's own rate, and
 * answers the flags of the keys that are closed now, whose jobs the fetch passes over. One fetch at a time passes, and
 * the next when its job was begun: it may have closed a key, and a second job of that key would have to be put back.
 */
export class Gate {
  readonly #options: GateOptions;
  #line: Promise<void> = Promise.resolve();
  #endTurn: () => void = () => {};
  #closed: Promise<string[]> | undefined;
  #askedAt = 0;
  #hasToken = false;
  #opening: NodeJS.Timeout | undefined;

  constructor(options: GateOptions) {
    this.#options = options;
  }

  async pass(): Promise<string[]> {
    await this.#takeTurn();
    await this.#takeToken();
    if (performance.now() - this.#askedAt > staleAfterMs) this.refresh();
    this.#closed ??= this.#askClosed();
    return this.#closed;
  }

  /** A key has changed: the next fetch asks anew. */
  refresh(): void {
    this.#closed = undefined;
  }

  /** The fetch found a job: its token is spent. Returns what lets the next fetch pass, to be called when the job is begun. */
  found(): () => void {
    this.#hasToken = false;
    return this.#endTurn;
  }

  /** The fetch found none: its token goes back. */
  async empty(): Promise<void> {
    const endTurn = this.#endTurn;
    const { db } = this.#options;
    if (this.#hasToken) await db.query("select queue.return_token($1)", [this.#key]).catch(() => {}); // it refills anyway
    this.#hasToken = false;
    endTurn();
  }

  close(): void {
    clearTimeout(this.#opening);
  }

  get #key(): string {
    return `queue:${this.#options.queue}`;
  }

  async #takeTurn(): Promise<void> {
    const before = this.#line;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#line = promise;
    await before;
    this.#endTurn = resolve;
  }

  async #takeToken(): Promise<void> {
    const { db, rate, rateSeconds, closing } = this.#options;
    if (rate === null) return;
    while (!closing.aborted) {
      const { rows } = await db.query<{ seconds: number }>("select queue.take_token($1, $2, $3) as seconds", [
        ...[this.#key, rate, rateSeconds],
      ]);
      const seconds = rows[0]?.seconds ?? 0;
      this.#hasToken = seconds === 0;
      if (this.#hasToken) return;
      await pause(Math.ceil(Math.min(seconds, 5) * 1000), closing);
    }
  }

  async #askClosed(): Promise<string[]> {
    this.#askedAt = performance.now();
    try {
      const { rows } = await this.#options.db.query<{ flags: string[]; ms: number | null }>(
        "select flags, extract(epoch from opens_at - clock_timestamp())::float8 * 1000 as ms from queue.closed_keys()",
      );
      const { flags = [], ms = null } = rows[0] ?? {};
      if (ms !== null) this.#wakeIn(ms);
      return flags;
    } catch (error) {
      this.refresh();
      throw error;
    }
  }

  /**
   * Not all processes in the same moment: the first takes the key, and the others see it closed. A part of a token's time
   * later costs nothing, for the bucket holds that much more.
   */
  #wakeIn(ms: number): void {
    const later = Math.random() * Math.min(ms * 0.25, 200);
    clearTimeout(this.#opening);
    this.#opening = setTimeout(
      () => {
        this.refresh();
        this.#options.wake();
      },
      Math.min(Math.max(ms, 0) + later + 1, 60_000),
    );
  }
}
