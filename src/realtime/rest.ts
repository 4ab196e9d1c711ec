import { AppError } from "#errors.ts";
import { isObject } from "#lib/is-object.ts";
import { type Broadcast, broadcastPayload } from "./broadcast.ts";
import type { Room } from "./topic.ts";

const maxMessages = 100;

type Message = { room: Room; broadcast: Broadcast };

/** The messages of a REST broadcast; topics come without their prefix. Throws AppError 422. */
export function parseMessages(messages: unknown, maxBytes: number): Message[] {
  if (!Array.isArray(messages)) throw invalid("messages must be a list");
  if (messages.length > maxMessages)
    throw invalid(`messages must be ${maxMessages} at most: send several requests`);
  return messages.map((message, index) => parseMessage(message, index, maxBytes));
}

function parseMessage(message: unknown, index: number, maxBytes: number): Message {
  if (!isObject(message)) throw invalid(`messages[${index}] must be an object`);
  const { topic, event, payload, private: isPrivate, id } = message;
  if (!isText(topic)) throw invalid(`messages[${index}].topic can't be blank`);
  if (!isText(event)) throw invalid(`messages[${index}].event can't be blank`);
  if (!isObject(payload)) throw invalid(`messages[${index}].payload must be an object`);
  const metadata = isText(id) ? JSON.stringify({ id }) : "";
  const json = broadcastPayload(event, JSON.stringify(payload), metadata);
  if (Buffer.byteLength(json) > maxBytes) throw invalid("Payload size exceeds tenant limit");
  return {
    room: { name: topic, private: isPrivate === true },
    broadcast: { form: "verbatim", payload: json },
  };
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "" && !value.includes("\0");
}

function invalid(message: string): AppError {
  return new AppError("InvalidBroadcast", message, { status: 422 });
}
