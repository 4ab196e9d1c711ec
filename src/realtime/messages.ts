import { emit } from "#telemetry.ts";
import type { Broadcast } from "./broadcast.ts";
import type { Source } from "./feed.ts";
import type { Rooms } from "./rooms.ts";

/** A committed broadcast in realtime.messages: its payload is JSON, or bytes. */
export type LogMessage = Stored & { topic: string; private: boolean; at: Date };

export type Stored = { id: string; seq: string; event: string } & Payload;

type Payload = { payload: string; binary_payload: null } | { payload: null; binary_payload: Buffer };

/** The log of messages, in order within each topic, for those who are in its rooms. */
export function messagesFor(rooms: Rooms): Source<LogMessage> {
  return {
    name: "messages",
    text: "select * from realtime.feed($1, $2, $3, $4, $5, $6)",
    placeOf: ({ topic, private: isPrivate, seq }) => [topic, isPrivate, seq],
    places: 3,
    most: 2000,
    deliver: (messages) => {
      for (const message of messages) deliver(rooms, message);
    },
  };
}

function deliver(rooms: Rooms, message: LogMessage): void {
  const room = { name: message.topic, private: message.private };
  if (!rooms.has(room)) return;
  try {
    rooms.fanOut(room, broadcastOf(message, { id: message.id }), { seq: Number(message.seq) });
  } catch (error) {
    emit("realtime:message:failed", { id: message.id, error });
  }
}

/** `meta` is what the client sees as `meta` of the message, its id at least. */
export function broadcastOf({ event, payload, binary_payload }: Stored, meta: object): Broadcast {
  const metadata = JSON.stringify(meta);
  if (binary_payload) return { form: "framed", event, metadata, encoding: "raw", payload: binary_payload };
  return { form: "framed", event, metadata, encoding: "json", payload: Buffer.from(payload) };
}
