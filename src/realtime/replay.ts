import type pg from "pg";
import type { Broadcast } from "./broadcast.ts";
import { broadcastPayload } from "./broadcast.ts";
import { RealtimeError } from "./errors.ts";
import { broadcastOf, type Stored } from "./messages.ts";
import type { JoinRequest } from "./protocol/payloads.ts";

/** The replay a join asks for, or undefined. Throws RealtimeError when it cannot be had. */
export function replayOf(
  request: JoinRequest,
  maxMessages: number,
): { since: number; limit: number } | undefined {
  const { replay } = request.broadcast;
  if (!replay) return undefined;
  if (!request.private) {
    throw new RealtimeError("UnableToReplayMessages", "Replay is not allowed for public channels");
  }
  if (replay === "invalid" || Math.abs(replay.since) > latestMs) {
    throw new RealtimeError("UnableToReplayMessages", "Replay params are not valid");
  }
  return { since: replay.since, limit: Math.min(Math.max(replay.limit ?? usualMessages, 1), maxMessages) };
}

const usualMessages = 25;
const latestMs = 8.64e15;

export async function readReplay(
  pool: pg.Pool,
  topic: string,
  since: Date,
  limit: number,
): Promise<Stored[]> {
  const { rows } = await pool
    .query<Stored>("select * from realtime.replay($1, $2, $3)", [topic, since.toISOString(), limit])
    .catch((cause: unknown) => {
      throw new RealtimeError("UnableToReplayMessages", "The stored messages could not be read, try again", {
        cause,
      });
    });
  return rows;
}

/** JSON goes out as text, bytes as they are. */
export function replayed(message: Stored): Broadcast {
  const meta = { replayed: true, id: message.id };
  if (message.binary_payload) return broadcastOf(message, meta);
  const payload = broadcastPayload(message.event, message.payload, JSON.stringify(meta));
  return { form: "verbatim", payload };
}
