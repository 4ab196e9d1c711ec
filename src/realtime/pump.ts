import { Allowance } from "#lib/allowance.ts";
import { emit } from "#telemetry.ts";

export type PumpOptions = {
  /** Names the feed in telemetry. */
  feed: string;
  /** Reads what is new; how many rows that was. */
  read(): Promise<number>;
  /** What it read is counted, `woken` where a wake announced it. */
  counted?(rows: number, woken: boolean): void;
  failed(): void;
  /** Whether nobody will ever wake it. */
  polls(): boolean;
  /** Whether there is nothing to look for. */
  rests?(): boolean;
};

/** Reads: in the long run one every 2 ms, as many at once as a lively chat wakes for. */
const [burst, gatherMs] = [10, 2];
const pollMs = { besideWakes: 250, alone: 100 };

/** Reads whenever it is woken, and without that four times a second; one read at a time; less and less often while it fails. */
export class Pump implements AsyncDisposable {
  readonly #options: PumpOptions;
  readonly #reads = new Allowance(burst, burst * gatherMs);
  #timer: NodeJS.Timeout | undefined;
  #due = Number.POSITIVE_INFINITY;
  #reading: Promise<void> | undefined;
  #woken = false;
  #failures = 0;
  #stopped = false;

  constructor(options: PumpOptions) {
    this.#options = options;
  }

  get failing(): boolean {
    return this.#failures > 0;
  }

  get stopped(): boolean {
    return this.#stopped;
  }

  /** Something was committed: read now, or as soon as it is allowed. */
  wake(): void {
    this.#woken = true;
    if (!this.#reading && !this.#options.rests?.()) this.#schedule(this.#reads.waitMs());
  }

  /** Goes on after a read that was made without it. */
  poll(): void {
    this.#schedule(this.#pollMs());
  }

  /** Resolves after the read that is under way, or one that begins now; never rejects. */
  read(): Promise<void> {
    clearTimeout(this.#timer);
    this.#due = Number.POSITIVE_INFINITY;
    this.#reading ??= this.#readOnce().finally(() => {
      this.#reading = undefined;
      if (!this.#options.rests?.() || this.failing) this.#schedule(this.#pauseMs());
    });
    return this.#reading;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#reading;
  }

  #schedule(ms: number): void {
    const due = performance.now() + ms;
    if (this.#stopped || due >= this.#due) return;
    clearTimeout(this.#timer);
    this.#due = due;
    if (ms <= 0)
      void this.read(); // a timer of 0 ms takes one
    else this.#timer = setTimeout(() => void this.read(), ms);
  }

  #pollMs(): number {
    return this.#options.polls() ? pollMs.alone : pollMs.besideWakes;
  }

  #pauseMs(): number {
    if (this.failing) return Math.min(10 * 2 ** this.#failures, 1000);
    return this.#woken ? this.#reads.waitMs() : this.#pollMs();
  }

  async #readOnce(): Promise<void> {
    const { feed, read, counted, failed } = this.#options;
    const [woken, since] = [this.#woken, performance.now()];
    this.#woken = false;
    this.#reads.take();
    try {
      const rows = await read();
      this.#failures = 0;
      counted?.(rows, woken);
      if (rows > 0)
        emit("realtime:feed:read", { feed, messages: rows, woken, ms: performance.now() - since });
    } catch (error) {
      this.#failures += 1;
      emit("realtime:feed:failed", { feed, error });
      failed();
    }
  }
}
