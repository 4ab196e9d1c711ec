import type { Place } from "#queue/order.ts";

type Waiting = { take: () => void };

/**
 * The slots of a process, shared by its queues. A freed slot goes to the waiting queue of the lowest rank; queues of one
 * rank share by weight: the one that has had the least for its weight is next. No queue has more than its own concurrency,
 * also while one of its pools ends and the next has begun.
 */
export class Slots {
  readonly #all: number;
  #free: number;
  readonly #places = new Map<string, Place & { concurrency: number }>();
  readonly #waiting = new Map<string, Waiting[]>();
  readonly #taken = new Map<string, number>();
  readonly #served = new Map<string, number>();
  readonly #reached = new Map<number, number>();

  constructor(slots: number) {
    this.#all = slots;
    this.#free = slots;
  }

  get taken(): number {
    return this.#all - this.#free;
  }

  place(queue: string, place: Place & { concurrency: number }): void {
    this.#places.set(queue, place);
    this.#deal();
  }

  /** Resolves to the function that frees the slot again; undefined when `givenUp` is aborted first. */
  async acquire(queue: string, givenUp: AbortSignal): Promise<(() => void) | undefined> {
    if (givenUp.aborted) return undefined;
    if (this.#free > 0 && this.#mayTake(queue)) return this.#take(queue);
    const { promise, resolve } = Promise.withResolvers<(() => void) | undefined>();
    const waiting = { take: () => resolve(this.#take(queue)) };
    const line = this.#lineOf(queue);
    const leave = () => {
      const at = line.indexOf(waiting);
      if (at >= 0) line.splice(at, 1);
      resolve(undefined);
    };
    line.push(waiting);
    givenUp.addEventListener("abort", leave, { once: true });
    const free = await promise;
    givenUp.removeEventListener("abort", leave);
    return free;
  }

  #deal(): void {
    while (this.#free > 0) {
      const next = this.#next();
      if (next === undefined) return;
      this.#waiting.get(next)?.shift()?.take();
    }
  }

  #next(): string | undefined {
    let best: string | undefined;
    for (const [queue, line] of this.#waiting)
      if (line.length > 0 && this.#mayTake(queue) && (best === undefined || this.#comesBefore(queue, best)))
        best = queue;
    return best;
  }

  #mayTake(queue: string): boolean {
    return (this.#taken.get(queue) ?? 0) < this.#placeOf(queue).concurrency;
  }

  #comesBefore(one: string, other: string): boolean {
    const byRank = this.#placeOf(one).rank - this.#placeOf(other).rank;
    return byRank < 0 || (byRank === 0 && this.#servedBy(one) < this.#servedBy(other));
  }

  #take(queue: string): () => void {
    const { rank, weight } = this.#placeOf(queue);
    const served = this.#servedBy(queue);
    this.#reached.set(rank, served);
    this.#served.set(queue, served + 1 / weight);
    this.#count(queue, 1);
    let over = false;
    return () => {
      if (over) return;
      over = true;
      this.#count(queue, -1);
      this.#deal();
    };
  }

  #count(queue: string, change: 1 | -1): void {
    this.#free -= change;
    this.#taken.set(queue, (this.#taken.get(queue) ?? 0) + change);
  }

  /** What a queue has had for its weight; one that comes after a quiet time does not catch up on what it missed. */
  #servedBy(queue: string): number {
    const reached = this.#reached.get(this.#placeOf(queue).rank) ?? 0;
    return Math.max(this.#served.get(queue) ?? 0, reached);
  }

  #placeOf(queue: string): Place & { concurrency: number } {
    return this.#places.get(queue) ?? { rank: 1, weight: 1, concurrency: this.#all };
  }

  #lineOf(queue: string): Waiting[] {
    const line = this.#waiting.get(queue) ?? [];
    this.#waiting.set(queue, line);
    return line;
  }
}
