/** Whose tokens are taken, and whether people nobody knows are made by them. */
export type OidcConfig = Readonly<{ issuer: string; audience: string; provision: boolean }>;

/** Upper bounds of one relay; docs/settings.md says of what. */
export type RealtimeConfig = Readonly<{
  connections: number;
  channelsPerConnection: number;
  joinsPerSecond: number;
  messagesPerSecond: number;
  restMessagesPerSecond: number;
  presenceCallsPer30s: number;
  payloadBytes: number;
  unsentBytes: number;
  replayMessages: number;
  listen: boolean | undefined;
}>;

/** What GraphQL lets a client ask. */
export type GraphqlConfig = Readonly<{
  introspection: boolean;
  maxDepth: number;
  maxCost: number;
  /** The folder of the operations that are known by their names. */
  persistedOperations: string | undefined;
  /** Whether only those are run. */
  persistedOnly: boolean;
}>;
