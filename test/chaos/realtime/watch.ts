/** What came on one join, in its order. */
export type Join = { ids: string[]; replayed: number };

/**
 * One client in one room: what it was sent, join by join, and what an application makes of it that wants to miss nothing.
 * When it comes back it takes what is replayed if the message it saw last is among that, and reads its history otherwise;
 * what arrives meanwhile has to wait.
 */
export class Watch {
  readonly topic: string;
  /** The application's list. */
  readonly seen: string[] = [];
  readonly joins: Join[] = [];
  readonly #known = new Set<string>();
  #join: Join | undefined;
  #held: string[] | undefined;
  #heardAt = Date.now();

  constructor(topic: string) {
    this.topic = topic;
  }

  get last(): string | undefined {
    return this.seen.at(-1);
  }

  /** It is joined, and waits for nothing. */
  get isUpToDate(): boolean {
    return this.#join !== undefined && this.#held === undefined;
  }

  /** What to ask to be replayed, as `{ since, limit }`; nothing the first time. */
  get replay(): { since: number; limit: number } | undefined {
    // A transaction may have begun this long before the message that was seen last, and have committed after it.
    return this.joins.length > 0 ? { since: this.#heardAt - 10_000, limit: 25 } : undefined;
  }

  joined(): void {
    this.#held = this.joins.length > 0 ? [] : undefined;
    this.#join = { ids: [], replayed: 0 };
    this.joins.push(this.#join);
  }

  away(): void {
    this.#join = undefined;
    this.#held = undefined;
  }

  hear(id: string, isReplayed: boolean): void {
    if (!this.#join) return; // a client that is not joined shows nothing
    this.#heardAt = Date.now();
    this.#join.ids.push(id);
    if (isReplayed) this.#join.replayed++;
    if (this.#held) this.#held.push(id);
    else this.#take(id);
  }

  /** All that was to be replayed has come. Reads the history, after a message, where that is not enough. */
  async replayed(history: (after: string | undefined) => Promise<string[]>): Promise<void> {
    const join = this.#join;
    if (!join || !this.#held) return;
    const place = this.last === undefined ? -1 : this.#held.indexOf(this.last);
    const missed = place >= 0 ? [] : await history(this.last);
    if (this.#join !== join) return; // gone again meanwhile
    const held = this.#held.slice(place + 1);
    this.#held = undefined;
    for (const id of [...missed, ...held]) this.#take(id);
  }

  #take(id: string): void {
    if (this.#known.has(id)) return;
    this.#known.add(id);
    this.seen.push(id);
  }
}
