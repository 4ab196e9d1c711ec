import { isObject } from "#lib/is-object.ts";
/** What a phx_join asks for, with every default filled in. */
export type JoinRequest = {
  private: boolean;
  broadcast: {
    ack: boolean;
    self: boolean;
    replicationReady: boolean;
    replay: Replay | "invalid" | undefined;
  };
  presence: { enabled: boolean; key: string };
  changes: Fields[];
  /** For how many ms the client would wait for its row changes. */
  changesTimeoutMs: number | undefined;
  token: string | undefined;
};

export type Replay = { since: number; limit: number | undefined };

export type Fields = Record<string, unknown>;

/** Takes what it understands and gives the rest its default, as upstream does. */
export function parseJoin(payload: unknown): JoinRequest {
  const { config, user_token, access_token } = fields(payload);
  const {
    broadcast,
    presence,
    postgres_changes,
    postgres_changes_options,
    private: isPrivate,
  } = fields(config);
  const { ack, self, replication_ready, replay } = fields(broadcast);
  const { key, enabled } = fields(presence);
  return {
    private: truthy(isPrivate),
    broadcast: {
      ack: truthy(ack),
      self: truthy(self),
      replicationReady: truthy(replication_ready),
      replay: parseReplay(replay),
    },
    presence: { enabled: truthy(enabled), key: typeof key === "string" ? key : "" },
    changes: Array.isArray(postgres_changes) ? postgres_changes.filter(isObject) : [],
    changesTimeoutMs: parseWait(postgres_changes_options),
    token: tokenIn(user_token) ?? tokenIn(access_token),
  };
}

/** The token of an `access_token` event or a join; keys of a hosted gateway (`sb_…`) stand for "use the apikey". */
export function tokenIn(value: unknown): string | undefined {
  if (typeof value !== "string") return undefined;
  const token = value.replaceAll(/\s/g, "");
  return token === "" || token.startsWith("sb_") ? undefined : token;
}

export type PresenceCall = { does: "track"; meta: unknown } | { does: "untrack" } | { does: "unknown" };

export function parsePresence(payload: unknown): PresenceCall {
  const { event, payload: meta } = fields(payload);
  const does = typeof event === "string" ? event.toLowerCase() : "";
  if (does === "track") return { does, meta: meta ?? {} };
  return { does: does === "untrack" ? does : "unknown" };
}

export function fields(value: unknown): Fields {
  return isObject(value) ? value : {};
}

function parseReplay(replay: unknown): Replay | "invalid" | undefined {
  if (replay === undefined || replay === null) return undefined;
  const { since, limit } = fields(replay);
  const validLimit = limit === undefined || limit === null || Number.isSafeInteger(limit);
  if (!Number.isSafeInteger(since) || !validLimit) return "invalid";
  return { since: since as number, limit: (limit as number | null) ?? undefined };
}

function parseWait(options: unknown): number | undefined {
  const { wait, timeout = 15_000 } = fields(options);
  return truthy(wait) && Number.isSafeInteger(timeout) && (timeout as number) > 0
    ? (timeout as number)
    : undefined;
}

function truthy(value: unknown): boolean {
  return value === true || (typeof value === "string" && value.toLowerCase() === "true");
}
