import { type BroadcastOut, encodeBroadcast, fitsBroadcast } from "./protocol/binary.ts";
import { encodeJson, type Version } from "./protocol/frame.ts";
import { topicOfName } from "./topic.ts";

/**
 * A message on its way to a room. "verbatim" holds the whole payload object as JSON, as a vsn 1.0.0 client or REST
 * sent it; "framed" has its parts, `metadata` being JSON or empty.
 */
export type Broadcast =
  | { form: "verbatim"; payload: string }
  | ({ form: "framed" } & Omit<BroadcastOut, "topic">);

export type Data = Readonly<{ bytes: Buffer; binary: boolean }>;

/** One broadcast as frames, each made once, when its first receiver needs it. */
export class Framed {
  readonly #topic: string;
  readonly #broadcast: Broadcast;
  readonly #made = new Map<Version, Data | undefined>();

  constructor(roomName: string, broadcast: Broadcast) {
    this.#topic = topicOfName(roomName);
    this.#broadcast = broadcast;
  }

  /** Undefined where this version cannot carry it: raw bytes in 1.0.0. */
  for(version: Version): Data | undefined {
    if (!this.#made.has(version)) this.#made.set(version, frame(version, this.#topic, this.#broadcast));
    return this.#made.get(version);
  }
}

/** The payload object of a text broadcast; `metadata` is JSON or empty. */
export function broadcastPayload(event: string, payload: string, metadata: string): string {
  const meta = metadata === "" ? "" : `,"meta":${metadata}`;
  return `{"type":"broadcast","event":${JSON.stringify(event)},"payload":${payload}${meta}}`;
}

function frame(version: Version, topic: string, broadcast: Broadcast): Data | undefined {
  if (broadcast.form === "verbatim") return text(version, topic, broadcast.payload);
  const { event, metadata, encoding, payload } = broadcast;
  if (version === "2.0.0" && fitsBroadcast({ topic, event, metadata })) {
    return { bytes: encodeBroadcast({ topic, event, metadata, encoding, payload }), binary: true };
  }
  if (encoding === "raw") return undefined;
  return text(version, topic, broadcastPayload(event, payload.toString(), metadata));
}

function text(version: Version, topic: string, payload: string): Data {
  return { bytes: Buffer.from(encodeJson(version, { topic, event: "broadcast" }, payload)), binary: false };
}
