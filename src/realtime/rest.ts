import type { Claims } from "#auth/claims.ts";
import { AppError } from "#errors.ts";
import { Allowance } from "#lib/allowance.ts";
import { isObject } from "#lib/is-object.ts";
import { permit } from "./admission.ts";
import type { Permissions } from "./authorization.ts";
import { type Broadcast, broadcastPayload } from "./broadcast.ts";
import type { Keepable } from "./keep.ts";
import type { Services } from "./services.ts";
import { keyOf, type Room } from "./topic.ts";

/** Who sends: verified claims, and the x- headers for the policies. */
export type Sender = { claims: Claims; headers: Record<string, string> };

/** One message as its own request; `payload` as it came, JSON or bytes. */
export type SingleMessage = {
  topic: string;
  event: string;
  private: boolean;
  persist: boolean;
  encoding: "json" | "raw";
  payload: Buffer;
};

type Message = { room: Room; broadcast: Broadcast };

const maxMessages = 100;

/** Broadcasts that come by HTTP. */
export class Rest {
  readonly #services: Services;
  readonly #messages: Allowance;

  constructor(services: Services) {
    this.#services = services;
    this.#messages = new Allowance(services.limits.restMessagesPerSecond, 1000);
  }

  /**
   * Sends the messages of a POST /api/broadcast, `{ topic, event, payload, private?, id? }` each. Private ones whose
   * topic the sender may not write to are skipped. Throws AppError 422 for bad input, 429 beyond the limit.
   */
  async batch(messages: unknown, sender: Sender): Promise<void> {
    const parsed = parseMessages(messages, this.#services.limits.payloadBytes);
    this.#count(parsed.length);
    const asked = new Map<string, Promise<Permissions>>();
    for (const { room, broadcast } of parsed) {
      const permissions = asked.get(keyOf(room)) ?? this.#permit(room, sender);
      asked.set(keyOf(room), permissions);
      if ((await permissions).writeBroadcast) this.#services.broadcast(room, broadcast);
    }
  }

  /** Throws AppError 403 where the sender may not, 422 for bad input, 429 beyond the limit. */
  async single(message: SingleMessage, sender: Sender): Promise<void> {
    const { event, encoding, payload, persist } = checked(message, this.#services.limits.payloadBytes);
    this.#count(1);
    const room = { name: message.topic, private: message.private };
    const { writeBroadcast, writePersistence } = await this.#permit(room, sender);
    if (!writeBroadcast || (persist && !(room.private && writePersistence))) throw forbidden(persist);
    const broadcast: Keepable = { form: "framed", event, metadata: "", encoding, payload };
    if (persist) await this.#services.persist(room, broadcast);
    else this.#services.broadcast(room, broadcast);
  }

  #permit(room: Room, { claims, headers }: Sender): Promise<Permissions> {
    return permit(this.#services, room, claims, headers);
  }

  #count(messages: number): void {
    if (this.#messages.take(messages)) return;
    throw new AppError("TooManyMessages", "Too many messages per second", { status: 429 });
  }
}

/** The messages of a batch; topics come without their prefix. Throws AppError 422. */
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
  if (Buffer.byteLength(json) > maxBytes) throw oversize();
  return {
    room: { name: topic, private: isPrivate === true },
    broadcast: { form: "verbatim", payload: json },
  };
}

function checked(message: SingleMessage, maxBytes: number): SingleMessage {
  if (!isText(message.topic)) throw invalid("topic can't be blank");
  if (!isText(message.event)) throw invalid("event can't be blank");
  if (message.payload.length > maxBytes) throw oversize();
  if (message.encoding === "json" && !isJson(message.payload)) throw invalid("the body must be JSON");
  return message;
}

function isJson(payload: Buffer): boolean {
  try {
    JSON.parse(payload.toString());
    return true;
  } catch {
    return false;
  }
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "" && !value.includes("\0");
}

function oversize(): AppError {
  return invalid("Payload size exceeds tenant limit");
}

function invalid(message: string): AppError {
  return new AppError("InvalidBroadcast", message, { status: 422 });
}

function forbidden(persist: boolean): AppError {
  const what = persist ? "write to and store in" : "write to";
  return new AppError("Forbidden", `You do not have permissions to ${what} this Channel topic`, {
    status: 403,
  });
}
