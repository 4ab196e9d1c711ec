import type { FeedCounts } from "./feed-stats.ts";

/** What operators see of a relay, as it stands in realtime.relays.stats. */
export type Report = {
  sockets: number;
  channels: number;
  /** With a channel on this relay. */
  rooms: number;
  /** That are present through this relay. */
  members: number;
  /** From the write of a message to its reading, since the last report. */
  feed_lag_ms: { p50: number; max: number };
  /** Read from the log since the relay started. */
  messages: number;
  /** Of these, the ones that no wake announced. */
  wakes_lost: number;
  /** Closed since the relay started because the client read too slowly. */
  slow_sockets: number;
  /** Words to the other relays that wait to be told. */
  gossip_backlog: number;
};

type Counts = "feed_lag_ms" | "messages" | "wakes_lost";

/** Makes one report after the other; `now` gives what can be counted at any time. */
export class Reporter {
  readonly #feed: { stats(): FeedCounts };
  readonly #now: () => Omit<Report, Counts>;
  #messages = 0;
  #wakesLost = 0;

  constructor(feed: { stats(): FeedCounts }, now: () => Omit<Report, Counts>) {
    this.#feed = feed;
    this.#now = now;
  }

  take(): Report {
    const { read, polled, lagMs } = this.#feed.stats();
    this.#messages += read;
    this.#wakesLost += polled;
    const counts = { feed_lag_ms: lagMs, messages: this.#messages, wakes_lost: this.#wakesLost };
    return { ...this.#now(), ...counts };
  }
}
