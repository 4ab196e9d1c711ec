/**
 * Since when this process has been in touch with the database without a break. When the database was away, or this
 * process was stopped, nobody else can have been heard of: their silence is counted from then on.
 */
export class Presence {
  readonly #longestGapMs: number;
  #beatAt: number | undefined;
  #since: number | undefined;

  constructor(longestGapMs: number) {
    this.#longestGapMs = longestGapMs;
  }

  beat(): void {
    const now = performance.now();
    if (this.#beatAt !== undefined && now - this.#beatAt > this.#longestGapMs) this.#since = now;
    this.#beatAt = now;
  }

  /** Null when there was no break since the start. */
  get seconds(): number | null {
    return this.#since === undefined ? null : (performance.now() - this.#since) / 1000;
  }
}
