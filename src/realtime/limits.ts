import type { RealtimeConfig } from "#config.ts";

/** Upper bounds of one relay: what is set, and what is fixed. Rates are per second unless their name says otherwise. */
export type Limits = Omit<RealtimeConfig, "listen"> &
  Readonly<{ presenceBytes: number; frameBytes: number; waitingBytes: number; idleMs: number }>;

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
