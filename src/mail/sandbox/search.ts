import type { Pool } from "pg";
import { isUuid } from "#lib/uuid.ts";
import type { Address } from "./addresses.ts";
import { eastern } from "./eastern.ts";
import { Fault } from "./reply.ts";

/** Query parameters with lower-case names; what follows `metadata_` is kept as it was written. */
export type Query = ReadonlyMap<string, string>;

/** `GET /messages/outbound`, newest first. */
export async function searchMessages(pool: Pool, query: Query): Promise<object> {
  const { count, offset } = parsePage(query);
  const { rows } = await pool.query<Found>(
    `select total, to_jsonb(message) as message
     from mailbox.search($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
    [
      query.get("messagestream") || "outbound",
      query.get("recipient") || null,
      query.get("fromemail") || null,
      query.get("subject") || null,
      query.get("tag") || null,
      query.get("status") || null,
      parseMetadata(query),
      parseDate(query.get("fromdate"), "00:00:00"),
      parseDate(query.get("todate"), "23:59:59.999999"),
      count,
      offset,
    ],
  );
  const messages = rows.map(({ message }) => message).filter((message) => message !== null);
  return { TotalCount: rows[0]?.total ?? 0, Messages: messages.map(toListed) };
}

/** `GET /messages/outbound/{id}/details`. Throws Fault 701 for an id that is not known. */
export async function messageDetails(pool: Pool, id: string): Promise<object> {
  if (!isUuid(id)) throw unknownMessage();
  const { rows } = await pool.query<{ message: StoredMessage; events: StoredEvent[] }>(
    `select to_jsonb(m) as message,
       (select coalesce(jsonb_agg(e order by e.id), '[]') from mailbox.events e where e.message_id = m.id) as events
     from mailbox.messages m
     where m.id = $1`,
    [id],
  );
  const [found] = rows;
  if (!found) throw unknownMessage();
  return {
    TextBody: found.message.text_body ?? "",
    HtmlBody: found.message.html_body ?? "",
    ...toListed(found.message),
    MessageEvents: found.events.map(toEvent),
  };
}

function unknownMessage(): Fault {
  return new Fault(701, "This message was not found.");
}

type Found = { total: number; message: StoredMessage | null };
type StoredEvent = { recipient: string; type: string; details: object; received_at: string };
type StoredMessage = {
  id: string;
  stream: string;
  from_line: string;
  to: Address[];
  cc: Address[];
  bcc: Address[];
  subject: string;
  tag: string | null;
  html_body: string | null;
  text_body: string | null;
  metadata: Record<string, string>;
  attachments: string[];
  track_opens: boolean;
  track_links: string;
  status: string;
  received_at: string;
};

function parsePage(query: Query): { count: number; offset: number } {
  const count = parseNumber(query, "count", 100);
  const offset = parseNumber(query, "offset", 0);
  if (count > 500) throw new Fault(700, "The 'count' parameter is limited to 500.");
  if (count + offset > 10_000) throw new Fault(700, "The sum of 'count' and 'offset' is limited to 10,000.");
  return { count, offset };
}

function parseNumber(query: Query, name: string, fallback: number): number {
  const text = query.get(name) ?? String(fallback);
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new Fault(700, `The '${name}' parameter is not a number.`);
}

function parseMetadata(query: Query): string | null {
  const fields = [...query].filter(([name]) => name.startsWith("metadata_"));
  if (fields.length > 1) throw new Fault(700, "Only one metadata field can be searched at a time.");
  const [field] = fields;
  return field ? JSON.stringify({ [field[0].slice("metadata_".length)]: field[1] }) : null;
}

function parseDate(text: string | undefined, timeOfDay: string): string | null {
  if (!text) return null;
  const [, date, time] = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2})?))?$/.exec(text) ?? [];
  if (date === undefined || Number.isNaN(Date.parse(`${date}T${time ?? "00:00"}Z`)))
    throw new Fault(700, `"${text}" is not a date such as 2026-01-31 or 2026-01-31T12:00:00.`);
  return `${date} ${time ?? timeOfDay}`;
}

function toListed(message: StoredMessage) {
  const { to, cc, bcc } = message;
  return {
    Tag: message.tag,
    MessageID: message.id,
    To: to,
    Cc: cc,
    Bcc: bcc,
    Recipients: [...to, ...cc, ...bcc].map(({ Email }) => Email),
    ReceivedAt: eastern(new Date(message.received_at)),
    From: message.from_line,
    Subject: message.subject,
    Attachments: message.attachments,
    Status: message.status,
    TrackOpens: message.track_opens,
    TrackLinks: message.track_links,
    Metadata: message.metadata,
    MessageStream: message.stream,
    Sandboxed: false,
  };
}

function toEvent({ recipient, type, details, received_at }: StoredEvent) {
  return { Recipient: recipient, Type: type, ReceivedAt: eastern(new Date(received_at)), Details: details };
}
