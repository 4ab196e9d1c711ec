import { pause } from "#lib/pause.ts";

/** A token bucket: `take` is false once `size` is used up, and refills evenly over `ms`. */
export class Allowance {
  readonly #size: number;
  readonly #perMs: number;
  #left: number;
  #at = performance.now();

  constructor(size: number, ms: number) {
    this.#size = size;
    this.#perMs = size / ms;
    this.#left = size;
  }

  take(count = 1): boolean {
    this.#refill();
    if (this.#left < count) return false;
    this.#left -= count;
    return true;
  }

  /** Takes one, as soon as there is one. */
  async taken(): Promise<void> {
    while (!this.take()) await pause(this.waitMs());
  }

  /** Until one can be taken. */
  waitMs(): number {
    this.#refill();
    return Math.max(0, 1 - this.#left) / this.#perMs;
  }

  #refill(): void {
    const now = performance.now();
    this.#left = Math.min(this.#size, this.#left + (now - this.#at) * this.#perMs);
    this.#at = now;
  }
}
