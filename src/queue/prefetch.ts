/** How much of a queue's work a worker takes at once: what it does in this time. */
const aheadMs = 50;
const sizes = [25, 50, 150, 500];

/**
 * Adapts how many jobs one fetch takes to how long they run: hundreds of trivial ones, for the throughput of a batch; no
 * more than are run at once of slow ones, so that none waits locked in a worker while another is free.
 */
export class Prefetch {
  readonly #least: number;
  #averageMs = 5;
  #queue: { getJobBatchSize: number } | undefined;
  size: number;

  constructor(concurrency: number) {
    this.#least = concurrency;
    this.size = concurrency;
  }

  /** graphile-worker's local queue reads its size anew for each fetch. */
  steer(localQueue: object): void {
    this.#queue = localQueue as { getJobBatchSize: number };
  }

  /** True when the size has grown: a fetch under way would take what it brings for all there is. */
  ran(ms: number): boolean {
    this.#averageMs += (ms - this.#averageMs) / 20;
    const wanted = (this.#least * aheadMs) / Math.max(this.#averageMs, 0.01);
    const size = sizes.findLast((step) => step <= wanted) ?? this.#least;
    const grown = size > this.size;
    this.size = size;
    if (this.#queue) this.#queue.getJobBatchSize = size;
    return grown;
  }
}
