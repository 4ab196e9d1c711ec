/** Upper bounds of one relay. Rates are per second unless their name says otherwise. */
export type Limits = Readonly<{
  connections: number;
  channelsPerConnection: number;
  joinsPerSecond: number;
  messagesPerSecond: number;
  restMessagesPerSecond: number;
  presenceCallsPer30s: number;
  presenceBytes: number;
  payloadBytes: number;
  frameBytes: number;
  unsentBytes: number;
  waitingBytes: number;
  replayMessages: number;
  idleMs: number;
}>;

/** `messagesPerSecond` counts per connection; `joinsPerSecond` and `restMessagesPerSecond` over the whole relay. */
export const defaultLimits: Limits = {
  connections: 10_000,
  channelsPerConnection: 100,
  joinsPerSecond: 1000,
  messagesPerSecond: 500,
  restMessagesPerSecond: 1000,
  presenceCallsPer30s: 30,
  presenceBytes: 16_000,
  payloadBytes: 3_000_000,
  frameBytes: 5_000_000,
  unsentBytes: 4_000_000,
  waitingBytes: 8_000_000,
  replayMessages: 1000,
  idleMs: 60_000,
};

/** A token bucket: `take` is false once `size` is used up, and refills evenly over `ms`. */
export class Allowance {
  readonly #size: number;
  readonly #perMs: number;
  #left: number;
  #at = performance.now();

  constructor(size: number, ms: number) {
    this.#size = size;
    this.#perMs = size / ms;
    this.#left = size;
  }

  take(count = 1): boolean {
    const now = performance.now();
    this.#left = Math.min(this.#size, this.#left + (now - this.#at) * this.#perMs);
    this.#at = now;
    if (this.#left < count) return false;
    this.#left -= count;
    return true;
  }
}
