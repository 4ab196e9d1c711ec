/** Things that arrive, to be waited for: `next` takes the first that fits, also one that is there already. */
export class Inbox<T> {
  readonly all: T[] = [];
  #unread: T[] = [];
  #waiting: { fits: (item: T) => boolean; take: (item: T) => void }[] = [];

  push(item: T): void {
    this.all.push(item);
    const index = this.#waiting.findIndex(({ fits }) => fits(item));
    if (index < 0) this.#unread.push(item);
    else this.#waiting.splice(index, 1)[0]?.take(item);
  }

  next(fits: (item: T) => boolean = () => true, what = "something", ms = 15_000): Promise<T> {
    const index = this.#unread.findIndex(fits);
    if (index >= 0) return Promise.resolve(this.#unread.splice(index, 1)[0] as T);
    return new Promise((resolve, reject) => {
      const late = () => reject(new Error(`${what} did not arrive within ${ms} ms; so far: ${this.#tail()}`));
      const timer = setTimeout(late, ms);
      const take = (item: T) => {
        clearTimeout(timer);
        resolve(item);
      };
      this.#waiting.push({ fits, take });
    });
  }

  #tail(): string {
    return JSON.stringify(this.all.slice(-5)).slice(0, 1000);
  }
}
