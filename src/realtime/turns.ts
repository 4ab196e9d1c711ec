type Options<Push> = {
  /** Never throws; a promise where later pushes of that topic have to wait. */
  handle: (push: Push) => Promise<void> | undefined;
  /** Bytes of the pushes that wait. */
  most: number;
  tooMany: () => void;
};

/** Handles the pushes of one topic one after the other; those of other topics do not wait for them. */
export class Turns<Push extends { topic: string }> {
  readonly #options: Options<Push>;
  readonly #waiting = new Map<string, Push[]>();
  #bytes = 0;

  constructor(options: Options<Push>) {
    this.#options = options;
  }

  take(push: Push, bytes: number): void {
    const waiting = this.#waiting.get(push.topic);
    if (!waiting) {
      this.#handle(push);
      return;
    }
    waiting.push(push);
    this.#bytes += bytes + 100;
    if (this.#bytes > this.#options.most) this.#options.tooMany();
  }

  /** Forgets those that wait. */
  clear(): void {
    this.#waiting.clear();
  }

  #handle(push: Push): void {
    const work = this.#options.handle(push);
    if (!work) return;
    this.#waiting.set(push.topic, []);
    work.finally(() => this.#resume(push.topic));
  }

  #resume(topic: string): void {
    const waiting = this.#waiting.get(topic) ?? [];
    this.#waiting.delete(topic);
    if (this.#waiting.size === 0) this.#bytes = 0;
    for (const push of waiting) this.take(push, 0);
  }
}
