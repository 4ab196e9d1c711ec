import type { Call, Query } from "./call.ts";
import { eastern } from "./eastern.ts";
import { parseMoment, parsePage } from "./page.ts";
import { Fault } from "./reply.ts";
import type { StoredMessage } from "./store/messages.ts";
import { searchStore } from "./store/search.ts";
import { readSetting } from "./store/settings.ts";

/** `GET /messages/outbound`, newest first. */
export function searchMessages({ ground: { store, clock }, query }: Call): object {
  const lag = readSetting(store, "searchLagSeconds", 0);
  const { total, messages } = searchStore(store, {
    ...parsePage(query, 700),
    stream: (query.get("messagestream") || "outbound").toLowerCase(),
    recipient: query.get("recipient") || undefined,
    from: query.get("fromemail") || undefined,
    subject: query.get("subject") || undefined,
    tag: query.get("tag") || undefined,
    status: query.get("status") || undefined,
    metadata: parseMetadata(query),
    after: parseMoment(query, "fromdate", "first", 700),
    before: parseMoment(query, "todate", "last", 700),
    indexedUntil: new Date(clock.now().getTime() - lag * 1000),
  });
  return { TotalCount: total, Messages: messages.map(toListed) };
}

export function toListed(message: StoredMessage) {
  const { to, cc, bcc } = message;
  return {
    Tag: message.tag,
    MessageID: message.id,
    To: to,
    Cc: cc,
    Bcc: bcc,
    Recipients: [...to, ...cc, ...bcc].map(({ Email }) => Email),
    ReceivedAt: eastern(message.receivedAt),
    From: message.from,
    Subject: message.subject,
    Attachments: message.attachments.map(({ Name }) => Name),
    Status: message.status,
    TrackOpens: message.trackOpens,
    TrackLinks: message.trackLinks,
    Metadata: message.metadata,
    MessageStream: message.stream,
    Sandboxed: false,
  };
}

function parseMetadata(query: Query): { key: string; value: string } | undefined {
  const [field, ...others] = [...query].filter(([name]) => name.startsWith("metadata_"));
  if (others.length > 0) throw new Fault(700, "Only one metadata field can be searched at a time.");
  return field && { key: field[0].slice("metadata_".length), value: field[1] };
}
