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
