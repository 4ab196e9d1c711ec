import { isObject } from "#lib/is-object.ts";

/** A call of the provider as it is stored (mail.webhook_calls). */
export type WebhookCall = {
  source: "webhook" | "sweep";
  traceId?: string | undefined;
  /** Our name of the stream; null when it is not one of ours. */
  stream: string | null;
  payload?: Record<string, unknown>;
  unreadable?: string;
};

/** Our names of the provider's streams. */
export type Streams = Readonly<Record<string, string>>;

/** Reads the body of a webhook; never throws, however odd it is. */
export function readCall(body: string, streams: Streams, traceId?: string): WebhookCall {
  const event = parse(body);
  if (!event) return { source: "webhook", traceId, stream: null, unreadable: withoutPlaces(body) };
  return { ...callOf(event, streams), traceId };
}

/** What a sweep finds again has the same trace, so that it is stored once. */
export function foundCall(event: Record<string, unknown>, streams: Streams): WebhookCall {
  const traceId = `sweep ${event.RecordType} ${event.ID ?? event.MessageID}`;
  return { ...callOf(event, streams), source: "sweep", traceId };
}

function callOf(event: Record<string, unknown>, streams: Streams): WebhookCall {
  const stream = typeof event.MessageStream === "string" ? event.MessageStream : "outbound";
  return { source: "webhook", stream: streams[stream] ?? null, payload: whatIsKept(event) };
}

function parse(body: string): Record<string, unknown> | undefined {
  try {
    const event: unknown = JSON.parse(body);
    return isObject(event) && !Array.isArray(event) ? event : undefined;
  } catch {
    return undefined;
  }
}

/**
 * All that is ever kept of an event. Where its reader was, with which program, and what the letter said is left out:
 * readers may be children.
 */
const kept = [
  ...["RecordType", "MessageStream", "MessageID", "ServerID", "Tag", "Recipient", "Email"],
  ...["DeliveredAt", "BouncedAt", "ReceivedAt", "ChangedAt"],
  ...["ID", "Type", "TypeCode", "Name", "Details", "Inactive", "CanActivate"],
  ...["FirstOpen", "ClickLocation", "OriginalLink"],
  ...["Origin", "SuppressSending", "SuppressionReason"],
];

function whatIsKept(event: Record<string, unknown>): Record<string, unknown> {
  const metadata = isObject(event.Metadata) ? event.Metadata : {};
  return { ...picked(event, kept), Metadata: picked(metadata, ["mid", "bat", "a"]) };
}

function picked(from: Record<string, unknown>, names: readonly string[]): Record<string, unknown> {
  const pairs = names.filter((name) => Object.hasOwn(from, name)).map((name) => [name, plain(from[name])]);
  return Object.fromEntries(pairs);
}

/** What stands behind a page's address may be the key to it; Postgres keeps neither U+0000 nor half a surrogate pair. */
function plain(value: unknown): unknown {
  if (typeof value === "string") return text(withoutKeys(value), 2000);
  return typeof value === "number" || typeof value === "boolean" ? value : null;
}

function withoutKeys(value: string): string {
  return value.replaceAll(/(https?:\/\/[^\s"?#]*)[?#][^\s"]*/gi, "$1");
}

function text(value: string, length: number): string {
  return value.replaceAll("\0", "").slice(0, length).toWellFormed();
}

/** What is left of an event that was cut short may still say where its reader was. */
function withoutPlaces(body: string): string {
  const cleared = body
    .replaceAll(/"(Geo|Client|OS|UserAgent|Platform)"\s*:.*/gs, '"$1": …')
    .replaceAll(/\b\d{1,3}(\.\d{1,3}){3}\b|\b(?:[0-9a-f]{0,4}:){3,}[0-9a-f]{0,4}/gi, "…");
  return text(withoutKeys(cleared), 2000);
}
