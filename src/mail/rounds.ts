/** Requests under way, and the bell that says that there is more to do. */
export class Rounds implements AsyncDisposable {
  readonly #underWay = new Set<Promise<void>>();
  #bell = Promise.withResolvers<void>();
  #failure: { error: unknown } | undefined;

  get count(): number {
    return this.#underWay.size;
  }

  get failed(): boolean {
    return this.#failure !== undefined;
  }

  start(round: Promise<void>): void {
    const caught = round
      .catch((error: unknown) => {
        this.#failure ??= { error };
      })
      .finally(() => this.#underWay.delete(caught));
    this.#underWay.add(caught);
  }

  ring(): void {
    this.#bell.resolve();
  }

  /** Until one has ended or the bell rings; at once if none is under way. */
  async next(): Promise<void> {
    if (this.count > 0) await Promise.race([...this.#underWay, this.#bell.promise]);
    this.#bell = Promise.withResolvers();
  }

  /** Until the time is over or the bell rings. */
  async pause(ms: number): Promise<void> {
    const time = Promise.withResolvers<void>();
    const timer = setTimeout(time.resolve, ms);
    await Promise.race([time.promise, this.#bell.promise]);
    clearTimeout(timer);
    this.#bell = Promise.withResolvers();
  }

  /** Until all have ended. Throws what the first that failed has thrown. */
  async end(): Promise<void> {
    await this[Symbol.asyncDispose]();
    if (this.#failure) throw this.#failure.error;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#underWay);
  }
}
