import type { Address } from "../addresses.ts";
import type { Attachment, NameValue } from "../fields.ts";
import type { Store } from "./store.ts";

/** What was accepted. `recipients` are addresses in lower case, each once, without those that are suppressed. */
export type NewMessage = {
  id: string;
  stream: string;
  from: string;
  fromAddress: string;
  replyTo: string | null;
  to: Address[];
  cc: Address[];
  bcc: Address[];
  recipients: string[];
  subject: string;
  tag: string | null;
  htmlBody: string | null;
  textBody: string | null;
  headers: NameValue[];
  metadata: Record<string, string>;
  attachments: Attachment[];
  trackOpens: boolean;
  trackLinks: string;
  receivedAt: Date;
};

export type StoredMessage = NewMessage & {
  /** Counts up in the order of acceptance. */
  position: number;
  status: "Queued" | "Sent" | "Processed";
};

export function insertMessages(store: Store, messages: NewMessage[]): StoredMessage[] {
  return messages.map((message) => {
    const position = insertMessage(store, message);
    for (const address of message.recipients)
      store.run("insert into recipients (address, position) values (?, ?)", address, position);
    for (const [key, value] of Object.entries(message.metadata))
      store.run("insert into metadata (key, value, position) values (?, ?, ?)", key, value, position);
    return { ...message, position, status: "Sent" };
  });
}

export function findMessage(store: Store, id: string): StoredMessage | undefined {
  const row = store.get<MessageRow>("select * from messages where id = ?", id.toLowerCase());
  return row && toMessage(store, row);
}

/** Oldest first. */
export function allMessages(store: Store): StoredMessage[] {
  return store
    .all<MessageRow>("select * from messages order by position")
    .map((row) => toMessage(store, row));
}

export function setStatus(store: Store, id: string, status: StoredMessage["status"]): void {
  store.run("update messages set status = ? where id = ?", status, id);
}

function insertMessage(store: Store, message: NewMessage): number {
  return store.run(
    `insert into messages (
       id, stream, from_line, from_address, reply_to, to_list, cc_list, bcc_list, subject, tag,
       html_body, text_body, headers, metadata, attachments, track_opens, track_links, received_at
     ) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    message.id,
    message.stream,
    message.from,
    message.fromAddress,
    message.replyTo,
    JSON.stringify(message.to),
    JSON.stringify(message.cc),
    JSON.stringify(message.bcc),
    message.subject,
    message.tag,
    kept(message.htmlBody),
    kept(message.textBody),
    JSON.stringify(message.headers),
    JSON.stringify(message.metadata),
    JSON.stringify(message.attachments),
    message.trackOpens ? 1 : 0,
    message.trackLinks,
    message.receivedAt.getTime(),
  ).id;
}

/** Bodies up to 1 MB, as the service keeps them. */
function kept(body: string | null): string | null {
  return body === null ? null : body.slice(0, 1024 * 1024);
}

export type MessageRow = {
  position: number;
  id: string;
  stream: string;
  from_line: string;
  from_address: string;
  reply_to: string | null;
  to_list: string;
  cc_list: string;
  bcc_list: string;
  subject: string;
  tag: string | null;
  html_body: string | null;
  text_body: string | null;
  headers: string;
  metadata: string;
  attachments: string;
  track_opens: number;
  track_links: string;
  status: StoredMessage["status"];
  received_at: number;
};

export function toMessage(store: Store, row: MessageRow): StoredMessage {
  return {
    position: row.position,
    id: row.id,
    stream: row.stream,
    from: row.from_line,
    fromAddress: row.from_address,
    replyTo: row.reply_to,
    to: JSON.parse(row.to_list),
    cc: JSON.parse(row.cc_list),
    bcc: JSON.parse(row.bcc_list),
    recipients: recipientsOf(store, row.position),
    subject: row.subject,
    tag: row.tag,
    htmlBody: row.html_body,
    textBody: row.text_body,
    headers: JSON.parse(row.headers),
    metadata: JSON.parse(row.metadata),
    attachments: JSON.parse(row.attachments),
    trackOpens: row.track_opens === 1,
    trackLinks: row.track_links,
    status: row.status,
    receivedAt: new Date(row.received_at),
  };
}

function recipientsOf(store: Store, position: number): string[] {
  return store
    .all<{ address: string }>("select address from recipients where position = ? order by address", position)
    .map(({ address }) => address);
}
