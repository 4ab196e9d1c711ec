import { sourceOf } from "../source.ts";
import { eventsOf } from "../store/events.ts";
import { findMessage } from "../store/messages.ts";
import type { Store } from "../store/store.ts";

const pageSize = 50;
/** So many of the newest are looked through: this process does nothing else meanwhile. */
const searched = 20_000;

export type Wanted = {
  /** In an address, the subject or the tag; "" for all. */
  text: string;
  /** "" for all. */
  stream: string;
  /** Below this position; 0 for the newest. */
  before: number;
};

/** Changes whenever a letter comes or something happens to one. */
export function versionOf(store: Store): string {
  const letter = store.get<{ id: string }>("select id from messages order by position desc limit 1");
  const event = store.get<{ id: number }>("select max(id) as id from events");
  return `${letter?.id ?? "none"}-${event?.id ?? 0}`;
}

/** Newest first, without their bodies. */
export function listLetters(store: Store, { text, stream, before }: Wanted): object {
  const newest = store.get<{ position: number | null }>("select max(position) as position from messages");
  const top = newest?.position ?? 0;
  const words = text.trim().toLowerCase();
  const below = before > 0 ? before : top + 1;
  const rows = store.all<ListRow>(listSql, words, stream, below, top - searched, pageSize + 1);
  return { letters: rows.slice(0, pageSize).map(toListed), more: rows.length > pageSize };
}

/** Everything of one letter. */
export function readLetter(store: Store, id: string): object | undefined {
  const message = findMessage(store, id);
  if (!message) return undefined;
  const { stream, tag, from, replyTo, to, cc, bcc, subject, metadata, receivedAt } = message;
  return {
    ...{ id: message.id, stream, tag, from, replyTo, to, cc, bcc, subject, metadata, receivedAt },
    recipients: message.recipients,
    html: message.htmlBody,
    text: message.textBody,
    raw: sourceOf(message),
    attachments: message.attachments.map(({ Name, ContentType }) => ({ name: Name, type: ContentType })),
    events: eventsOf(store, message.id).map(({ type, recipient, receivedAt, details }) => ({
      ...{ type, recipient, at: receivedAt, details },
    })),
  };
}

type ListRow = {
  position: number;
  id: string;
  stream: string;
  subject: string;
  tag: string | null;
  to_list: string;
  received_at: number;
  happened: string | null;
};

const listSql = `
  with wanted (words, stream, below, floor) as (values (?, ?, ?, ?))
  select m.position, m.id, m.stream, m.subject, m.tag, m.to_list, m.received_at,
    (select group_concat(distinct e.type) from events e where e.message_id = m.id) as happened
  from messages m, wanted w
  where m.position < w.below and m.position > w.floor
    and (w.stream = '' or m.stream = w.stream)
    and (
      w.words = '' or instr(lower(m.subject), w.words) or instr(lower(coalesce(m.tag, '')), w.words)
      or exists (select 1 from recipients r where r.position = m.position and instr(r.address, w.words))
    )
  order by m.position desc
  limit ?`;

function toListed({ position, id, stream, subject, tag, to_list, received_at, happened }: ListRow): object {
  return {
    ...{ position, id, stream, subject, tag },
    to: JSON.parse(to_list),
    receivedAt: new Date(received_at),
    happened: happened?.split(",") ?? [],
  };
}
