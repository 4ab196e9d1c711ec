import { AppError } from "#errors.ts";

/** What waits for a reader: `next()` takes it in order; what is pushed beyond the bound ends the reading with an error. */
export class Backlog<Item> implements AsyncIterableIterator<Item, undefined> {
  readonly #most: number;
  readonly #weigh: (item: Item) => number;
  readonly #ended: () => void;
  readonly #items: Item[] = [];
  #weight = 0;
  #waiting: PromiseWithResolvers<IteratorResult<Item, undefined>> | undefined;
  #end: { error?: Error } | undefined;

  constructor(most: number, weigh: (item: Item) => number, ended: () => void) {
    this.#most = most;
    this.#weigh = weigh;
    this.#ended = ended;
  }

  push(item: Item): void {
    if (this.#end) return;
    if (this.#waiting) this.#hand({ value: item, done: false });
    else this.#keep(item);
  }

  /** What waits is still read. */
  fail(error?: Error): void {
    if (this.#end) return;
    this.#end = error ? { error } : {};
    this.#ended();
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (error) waiting?.reject(error);
    else waiting?.resolve({ value: undefined, done: true });
  }

  async next(): Promise<IteratorResult<Item, undefined>> {
    const item = this.#items.shift();
    if (item !== undefined) {
      this.#weight -= this.#weigh(item);
      return { value: item, done: false };
    }
    if (this.#end) return this.#over(this.#end);
    this.#waiting = Promise.withResolvers();
    return this.#waiting.promise;
  }

  async return(): Promise<IteratorResult<Item, undefined>> {
    this.#items.length = 0;
    this.fail();
    return { value: undefined, done: true };
  }

  async throw(error: Error): Promise<IteratorResult<Item, undefined>> {
    await this.return();
    throw error;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  #keep(item: Item): void {
    this.#weight += this.#weigh(item);
    this.#items.push(item);
    if (this.#weight > this.#most) this.fail(tooSlow());
  }

  #hand(result: IteratorResult<Item, undefined>): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.resolve(result);
  }

  /** The error is told once. */
  #over({ error }: { error?: Error }): IteratorResult<Item, undefined> {
    this.#end = {};
    if (error) throw error;
    return { value: undefined, done: true };
  }
}

function tooSlow(): AppError {
  return new AppError("HW429", "The messages come faster than they are read: subscribe again, with `after`.");
}
