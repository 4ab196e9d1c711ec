/** Since the last time: rows read, how many of them a wake announced and how many only the poll found, and their lag. */
export type FeedCounts = { read: number; woken: number; polled: number; lagMs: { p50: number; max: number } };

const samplesKept = 1000;

/** Counts what a feed does. */
export class FeedStats {
  #woken = 0;
  #polled = 0;
  #lags: number[] = [];
  #maxLag = 0;

  read(rows: number, woken: boolean): void {
    if (woken) this.#woken += rows;
    else this.#polled += rows;
  }

  /** `lags` in ms from the start of a row's transaction to its reading, by the clock of the database. */
  delivered(lags: number[]): void {
    for (const lag of lags) {
      this.#maxLag = Math.max(this.#maxLag, lag);
      if (this.#lags.length < samplesKept) this.#lags.push(lag);
      else this.#lags[Math.floor(Math.random() * samplesKept)] = lag;
    }
  }

  take(): FeedCounts {
    const sorted = this.#lags.toSorted((a, b) => a - b);
    const counts = {
      ...{ read: this.#woken + this.#polled, woken: this.#woken, polled: this.#polled },
      lagMs: { p50: sorted[Math.floor(sorted.length / 2)] ?? 0, max: this.#maxLag },
    };
    [this.#woken, this.#polled, this.#lags, this.#maxLag] = [0, 0, [], 0];
    return counts;
  }
}
