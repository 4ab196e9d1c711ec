import type { Place } from "#queue/order.ts";

type Waiting = { take: () => void };

/**
 * The slots of a process, shared by its queues. A freed slot goes to the waiting queue of the lowest rank; queues of one
 * rank share by weight: the one that has had the least for its weight is next.
 */
export class Slots {
  readonly #all: number;
  #free: number;
  readonly #places = new Map<string, Place>();
  readonly #waiting = new Map<string, Waiting[]>();
  readonly #served = new Map<string, number>();
  readonly #reached = new Map<number, number>();

  constructor(slots: number) {
    this.#all = slots;
    this.#free = slots;
  }

  get taken(): number {
    return this.#all - this.#free;
  }

  place(queue: string, place: Place): void {
    this.#places.set(queue, place);
  }

  /** Resolves to the function that frees the slot again; undefined when `givenUp` is aborted first. */
  async acquire(queue: string, givenUp: AbortSignal): Promise<(() => void) | undefined> {
    if (givenUp.aborted) return undefined;
    if (this.#free > 0) {
      this.#free--;
      return this.#held(queue);
    }
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const waiting = { take: () => resolve(true) };
    const line = this.#lineOf(queue);
    line.push(waiting);
    const leave = () => {
      const at = line.indexOf(waiting);
      if (at >= 0) line.splice(at, 1);
      resolve(false);
    };
    givenUp.addEventListener("abort", leave, { once: true });
    const got = await promise;
    givenUp.removeEventListener("abort", leave);
    return got ? this.#held(queue) : undefined;
  }

  #held(queue: string): () => void {
    const { rank, weight } = this.#placeOf(queue);
    const served = this.#servedBy(queue);
    this.#reached.set(rank, served);
    this.#served.set(queue, served + 1 / weight);
    let over = false;
    return () => {
      if (over) return;
      over = true;
      this.#pass();
    };
  }

  #pass(): void {
    const next = this.#next();
    if (!next) {
      this.#free++;
      return;
    }
    this.#waiting.get(next)?.shift()?.take();
  }

  #next(): string | undefined {
    let best: string | undefined;
    for (const [queue, line] of this.#waiting)
      if (line.length > 0 && (best === undefined || this.#comesBefore(queue, best))) best = queue;
    return best;
  }

  #comesBefore(one: string, other: string): boolean {
    const byRank = this.#placeOf(one).rank - this.#placeOf(other).rank;
    return byRank < 0 || (byRank === 0 && this.#servedBy(one) < this.#servedBy(other));
  }

  /** What a queue has had for its weight; one that comes after a quiet time does not catch up on what it missed. */
  #servedBy(queue: string): number {
    const reached = this.#reached.get(this.#placeOf(queue).rank) ?? 0;
    return Math.max(this.#served.get(queue) ?? 0, reached);
  }

  #placeOf(queue: string): Place {
    return this.#places.get(queue) ?? { rank: 1, weight: 1 };
  }

  #lineOf(queue: string): Waiting[] {
    const line = this.#waiting.get(queue) ?? [];
    this.#waiting.set(queue, line);
    return line;
  }
}
