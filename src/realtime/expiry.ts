const longestMs = 5 * 60_000;

/** Calls `expired` once the moment set last has passed; never keeps the process alive. */
export class Expiry {
  readonly #expired: (secondsAgo: number) => void;
  #timer: NodeJS.Timeout | undefined;

  constructor(expired: (secondsAgo: number) => void) {
    this.#expired = expired;
  }

  /** `exp` in seconds since 1970. */
  set(exp: number): void {
    clearTimeout(this.#timer);
    const leftMs = exp * 1000 - Date.now();
    this.#timer = setTimeout(() => this.#check(exp), Math.min(Math.max(leftMs, 0), longestMs));
    this.#timer.unref();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #check(exp: number): void {
    const overMs = Date.now() - exp * 1000;
    if (overMs < 0) this.set(exp);
    else this.#expired(Math.floor(overMs / 1000));
  }
}
