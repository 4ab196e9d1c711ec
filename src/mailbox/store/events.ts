import type { Store } from "./store.ts";

export type EventType =
  | "Delivered"
  | "Transient"
  | "Opened"
  | "LinkClicked"
  | "Bounced"
  | "SubscriptionChanged";

export type MessageEvent = {
  messageId: string;
  recipient: string;
  type: EventType;
  details: Record<string, unknown>;
  receivedAt: Date;
  /** Of opens and clicks. */
  tracking?: Tracking | undefined;
};

/** Who opened or clicked, by what and from where, in Postmark's words. */
export type Tracking = {
  Client: { Name: string; Company: string; Family: string };
  OS: { Name: string; Company: string; Family: string };
  Platform: string;
  UserAgent: string;
  Geo: Record<string, string>;
  /** Opens only. */
  FirstOpen?: boolean;
  ReadSeconds?: number;
  /** Clicks only. */
  ClickLocation?: "HTML" | "Text";
  OriginalLink?: string;
};

export type StoredEvent = MessageEvent & { id: number };

export function insertEvent(store: Store, event: MessageEvent): number {
  return store.run(
    "insert into events (message_id, recipient, type, details, received_at, tracking) values (?, ?, ?, ?, ?, ?)",
    event.messageId,
    event.recipient,
    event.type,
    JSON.stringify(event.details),
    event.receivedAt.getTime(),
    event.tracking ? JSON.stringify(event.tracking) : null,
  ).id;
}

/** In the order in which they happened. */
export function eventsOf(store: Store, messageId: string): StoredEvent[] {
  return store
    .all<EventRow>("select * from events where message_id = ? order by received_at, id", messageId)
    .map(toEvent);
}

export type EventRow = {
  id: number;
  message_id: string;
  recipient: string;
  type: EventType;
  details: string;
  received_at: number;
  tracking: string | null;
};

export function toEvent(row: EventRow): StoredEvent {
  return {
    id: row.id,
    messageId: row.message_id,
    recipient: row.recipient,
    type: row.type,
    details: JSON.parse(row.details),
    receivedAt: new Date(row.received_at),
    tracking: row.tracking === null ? undefined : JSON.parse(row.tracking),
  };
}
