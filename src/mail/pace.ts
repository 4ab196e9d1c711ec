/**
 * How many letters a request of a lane holds and how many requests are under way: a little more after each success, half
 * after trouble. Nobody publishes how much the service takes; this finds out.
 */
export class Pace {
  readonly #leastRequests: number;
  #letters = 150;
  #requests: number;

  constructor({ leastRequests = 1 }: { leastRequests?: number } = {}) {
    this.#leastRequests = leastRequests;
    this.#requests = Math.max(leastRequests, 2);
  }

  get letters(): number {
    return Math.floor(this.#letters);
  }

  get requests(): number {
    return Math.floor(this.#requests);
  }

  /** A slow answer is a warning: the next requests are smaller. */
  succeeded(tookMs: number): void {
    if (tookMs > slowMs) this.#shrink();
    else this.#grow();
  }

  troubled(): void {
    this.#shrink();
    this.#requests = Math.max(this.#requests / 2, this.#leastRequests);
  }

  #grow(): void {
    this.#letters = Math.min(this.#letters + 10, 250);
    this.#requests = Math.min(this.#requests + 1 / this.#requests, 64);
  }

  #shrink(): void {
    this.#letters = Math.max(this.#letters / 2, 100);
  }
}

const slowMs = 10_000;
