import { MalformedFrame, type Ref } from "./frame.ts";

export type Encoding = "json" | "raw";

/** Client to server, kind 3: a user broadcast. */
export type BroadcastPush = {
  joinRef: Ref;
  ref: Ref;
  topic: string;
  event: string;
  metadata: string;
  encoding: Encoding;
  payload: Buffer;
};

/** Server to client, kind 4: the only kind the client can decode. `metadata` is JSON or empty. */
export type BroadcastOut = {
  topic: string;
  event: string;
  metadata: string;
  encoding: Encoding;
  payload: Buffer;
};

const pushKind = 3;
const pushHead = 7;
const outKind = 4;

/** Throws MalformedFrame. */
export function decodePush(frame: Buffer): BroadcastPush {
  if (frame.length < pushHead || frame[0] !== pushKind) throw new MalformedFrame("unknown binary kind");
  const take = fieldsOf(frame);
  const [joinRef, ref, topic, event, metadata] = [take(1), take(2), take(3), take(4), take(5)];
  if (topic === "" || event === "") throw new MalformedFrame("no topic or event");
  return {
    joinRef: joinRef || null,
    ref: ref || null,
    topic,
    event,
    metadata,
    encoding: encodingOf(frame[6]),
    payload: frame.subarray(take.end()),
  };
}

/** False when a field is too long for its one-byte size; such a broadcast goes out as text. */
export function fitsBroadcast({
  topic,
  event,
  metadata,
}: Omit<BroadcastOut, "payload" | "encoding">): boolean {
  return [topic, event, metadata].every((field) => Buffer.byteLength(field) <= 255);
}

/** The parts of the frame, in their order. */
export function encodeBroadcast({ topic, event, metadata, encoding, payload }: BroadcastOut): Buffer[] {
  const fields = [topic, event, metadata].map((field) => Buffer.from(field));
  const head = [outKind, ...fields.map((field) => field.length), encoding === "json" ? 1 : 0];
  return [Buffer.from(head), ...fields, payload];
}

function fieldsOf(frame: Buffer) {
  let offset = pushHead;
  const take = (sizeAt: number): string => {
    const end = offset + (frame[sizeAt] ?? 0);
    if (end > frame.length) throw new MalformedFrame("a field is longer than its frame");
    const field = frame.toString("utf8", offset, end);
    offset = end;
    return field;
  };
  take.end = () => offset;
  return take;
}

function encodingOf(byte: number | undefined): Encoding {
  if (byte === 0) return "raw";
  if (byte === 1) return "json";
  throw new MalformedFrame("unknown payload encoding");
}

/** A payload that says it is JSON and is not would throw inside every receiver's client. */
export function assertJson(payload: Buffer): void {
  try {
    JSON.parse(payload.toString());
  } catch (cause) {
    throw new MalformedFrame("the payload is not JSON", { cause });
  }
}
