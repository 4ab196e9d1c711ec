import { type BroadcastOut, encodeBroadcast, fitsBroadcast } from "./protocol/binary.ts";
import { encodeJson, type Version } from "./protocol/frame.ts";
import { binaryMessage, textMessage } from "./protocol/websocket.ts";
import { topicOfName } from "./topic.ts";

/**
 * A message on its way to a room. "verbatim" holds the whole payload object as JSON, as a vsn 1.0.0 client or REST
 * sent it; "framed" has its parts, `metadata` being JSON or empty.
 */
export type Broadcast =
  | { form: "verbatim"; payload: string }
  | ({ form: "framed" } & Omit<BroadcastOut, "topic">);

/** One thing to say to many channels, as whole websocket messages, each made once, when its first receiver needs it. */
export class Framed {
  readonly #make: (version: Version) => Buffer | undefined;
  readonly #made = new Map<Version, Buffer | undefined>();

  constructor(make: (version: Version) => Buffer | undefined) {
    this.#make = make;
  }

  /** Undefined where this version cannot carry it: raw bytes in 1.0.0. */
  for(version: Version): Buffer | undefined {
    if (!this.#made.has(version)) this.#made.set(version, this.#make(version));
    return this.#made.get(version);
  }
}

export function framedBroadcast(roomName: string, broadcast: Broadcast): Framed {
  const topic = topicOfName(roomName);
  return new Framed((version) => frame(version, topic, broadcast));
}

/** An event other than a broadcast; `payload` is JSON. */
export function framedEvent(roomName: string, event: string, payload: string): Framed {
  const head = { topic: topicOfName(roomName), event };
  return new Framed((version) => textMessage(encodeJson(version, head, payload)));
}

/** The payload object of a text broadcast; `metadata` is JSON or empty. */
export function broadcastPayload(event: string, payload: string, metadata: string): string {
  const meta = metadata === "" ? "" : `,"meta":${metadata}`;
  return `{"type":"broadcast","event":${JSON.stringify(event)},"payload":${payload}${meta}}`;
}

function frame(version: Version, topic: string, broadcast: Broadcast): Buffer | undefined {
  if (broadcast.form === "verbatim") return text(version, topic, broadcast.payload);
  const { event, metadata, encoding, payload } = broadcast;
  if (version === "2.0.0" && fitsBroadcast({ topic, event, metadata })) {
    return binaryMessage(encodeBroadcast({ topic, event, metadata, encoding, payload }));
  }
  if (encoding === "raw") return undefined;
  return text(version, topic, broadcastPayload(event, payload.toString(), metadata));
}

function text(version: Version, topic: string, payload: string): Buffer {
  return textMessage(encodeJson(version, { topic, event: "broadcast" }, payload));
}
