import type pg from "pg";
import { pause } from "#lib/pause.ts";

const staleAfterMs = 100;

export type GateOptions = {
  pool: pg.Pool;
  queue: string;
  rate: number | null;
  rateSeconds: number;
  closing: AbortSignal;
  /** Called when a key has opened by itself. */
  wake: () => void;
};

/**
 * What graphile-worker asks before every fetch of a queue with limits: waits for a token of the queue's own rate, and
 * answers the flags of the keys that are closed now, whose jobs the fetch passes over.
 */
export class Gate {
  readonly #options: GateOptions;
  #closed: Promise<string[]> | undefined;
  #askedAt = 0;
  #tokens = 0;
  #opening: NodeJS.Timeout | undefined;

  constructor(options: GateOptions) {
    this.#options = options;
  }

  async pass(): Promise<string[]> {
    await this.#takeToken();
    if (performance.now() - this.#askedAt > staleAfterMs) this.refresh();
    this.#closed ??= this.#askClosed();
    return this.#closed;
  }

  /** A key has changed: the next fetch asks anew. */
  refresh(): void {
    this.#closed = undefined;
  }

  /** A fetch found a job: its token is spent. */
  spent(): void {
    this.#tokens = Math.max(0, this.#tokens - 1);
  }

  /** A fetch found none: its token goes back. */
  async empty(): Promise<void> {
    if (this.#tokens === 0) return;
    this.#tokens--;
    await this.#options.pool.query("select queue.return_token($1)", [this.#key]).catch(() => {}); // it refills anyway
  }

  close(): void {
    clearTimeout(this.#opening);
  }

  get #key(): string {
    return `queue:${this.#options.queue}`;
  }

  async #takeToken(): Promise<void> {
    const { pool, rate, rateSeconds, closing } = this.#options;
    if (rate === null) return;
    while (!closing.aborted) {
      const { rows } = await pool.query<{ seconds: number }>(
        "select queue.take_token($1, $2, $3) as seconds",
        [...[this.#key, rate, rateSeconds]],
      );
      const seconds = rows[0]?.seconds ?? 0;
      if (seconds === 0) {
        this.#tokens++;
        return;
      }
      await pause(Math.ceil(Math.min(seconds, 5) * 1000), closing);
    }
  }

  async #askClosed(): Promise<string[]> {
    this.#askedAt = performance.now();
    try {
      const { rows } = await this.#options.pool.query<{ flags: string[]; ms: number | null }>(
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

  #wakeIn(ms: number): void {
    clearTimeout(this.#opening);
    this.#opening = setTimeout(
      () => {
        this.refresh();
        this.#options.wake();
      },
      Math.min(Math.max(ms, 1), 60_000),
    );
  }
}
