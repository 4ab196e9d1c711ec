/**
 * The mailbox's time: the machine's, plus what it was advanced by. Everything that the mailbox does later waits on it,
 * so that a test lets an hour pass in one call.
 */
export class Clock {
  #offsetMs: number;
  readonly #alarms = new Set<Alarm>();
  #timer: NodeJS.Timeout | undefined;

  constructor(offsetMs = 0) {
    this.#offsetMs = offsetMs;
  }

  /** How far it is ahead of the machine's. */
  get offsetMs(): number {
    return this.#offsetMs;
  }

  now(): Date {
    return new Date(this.#nowMs());
  }

  /** Calls `ring` once, when it is `moment`. Returns how to cancel it. */
  at(moment: number, ring: Alarm["ring"]): () => void {
    const alarm = { moment, ring };
    this.#alarms.add(alarm);
    this.#wind();
    return () => {
      this.#alarms.delete(alarm);
      this.#wind();
    };
  }

  /** Resolves after `ms` of this clock, or as soon as the signal aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const cancel = this.at(this.#nowMs() + ms, resolve);
      signal?.addEventListener("abort", () => {
        cancel();
        resolve();
      });
    });
  }

  /** Goes from alarm to alarm, and waits for what each of them started: what rings may set the next one. */
  async advance(seconds: number): Promise<void> {
    const target = this.#nowMs() + seconds * 1000;
    for (let next = this.#earliest(); next && next.moment <= target; next = this.#earliest()) {
      this.#moveTo(next.moment);
      this.#alarms.delete(next);
      await next.ring();
      await new Promise(setImmediate);
    }
    this.#moveTo(target);
    this.#wind();
  }

  reset(): void {
    this.#offsetMs = 0;
    this.#wind();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#alarms.clear();
  }

  #nowMs(): number {
    return Date.now() + this.#offsetMs;
  }

  #moveTo(moment: number): void {
    this.#offsetMs += Math.max(0, moment - this.#nowMs());
  }

  #earliest(): Alarm | undefined {
    let earliest: Alarm | undefined;
    for (const alarm of this.#alarms) if (!earliest || alarm.moment < earliest.moment) earliest = alarm;
    return earliest;
  }

  #wind(): void {
    clearTimeout(this.#timer);
    const earliest = this.#earliest();
    if (!earliest) return;
    const inMs = Math.min(Math.max(0, earliest.moment - this.#nowMs()), longestTimerMs);
    this.#timer = setTimeout(() => this.#ringDue(), inMs);
  }

  #ringDue(): void {
    for (const alarm of this.#alarms)
      if (alarm.moment <= this.#nowMs()) {
        this.#alarms.delete(alarm);
        void alarm.ring();
      }
    this.#wind();
  }
}

type Alarm = { moment: number; ring: () => unknown };

const longestTimerMs = 2 ** 31 - 1;
