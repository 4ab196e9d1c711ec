import { isObject } from "#lib/is-object.ts";
export type Version = "1.0.0" | "2.0.0";

export type Ref = string | null;

/** One message of the wire in either version; `payload` is whatever JSON the client sent. */
export type Frame = { joinRef: Ref; ref: Ref; topic: string; event: string; payload: unknown };

/** The head of a frame to send; null refs on everything that is not addressed to one channel. */
export type Head = { joinRef?: Ref; ref?: Ref; topic: string; event: string };

/** A frame that is not of the protocol: reported and ignored. */
export class MalformedFrame extends Error {
  override readonly name = "MalformedFrame";
}

/** Throws MalformedFrame. */
export function decodeText(text: string, version: Version): Frame {
  const value = parse(text);
  return version === "1.0.0" ? fromObject(value) : fromArray(value);
}

export function encodeText(version: Version, head: Head, payload: unknown): string {
  return encodeJson(version, head, JSON.stringify(payload));
}

/** Like `encodeText`, for a payload that is JSON already. */
export function encodeJson(version: Version, head: Head, payload: string): string {
  const ref = JSON.stringify(head.ref ?? null);
  const topic = JSON.stringify(head.topic);
  const event = JSON.stringify(head.event);
  if (version === "1.0.0") return `{"topic":${topic},"event":${event},"payload":${payload},"ref":${ref}}`;
  return `[${JSON.stringify(head.joinRef ?? null)},${ref},${topic},${event},${payload}]`;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new MalformedFrame("not JSON", { cause });
  }
}

function fromObject(value: unknown): Frame {
  if (!isObject(value)) throw new MalformedFrame("no object");
  const { join_ref, ref, topic, event, payload } = value;
  return checked(join_ref, ref, topic, event, payload);
}

function fromArray(value: unknown): Frame {
  if (!Array.isArray(value) || value.length < 5) throw new MalformedFrame("no array of five");
  return checked(value[0], value[1], value[2], value[3], value[4]);
}

function checked(joinRef: unknown, ref: unknown, topic: unknown, event: unknown, payload: unknown): Frame {
  if (typeof topic !== "string" || typeof event !== "string") throw new MalformedFrame("no topic or event");
  return { joinRef: toRef(joinRef), ref: toRef(ref), topic, event, payload };
}

function toRef(ref: unknown): Ref {
  if (typeof ref === "string") return ref;
  if (typeof ref === "number") return String(ref);
  if (ref === null || ref === undefined) return null;
  throw new MalformedFrame("a ref is neither text nor null");
}
