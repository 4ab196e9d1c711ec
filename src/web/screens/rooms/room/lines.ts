import type { Quote, StoredMessage } from "../../../api/messages.ts";
import { newId } from "../../../api/new-id.ts";
import type { Person } from "../../../api/session.ts";

/** "waiting" may be sent again by itself; "refused" needs the person; "unconfirmed" calls very many people. */
export type SentState = "stored" | "sending" | "waiting" | "refused" | "unconfirmed";

/** One message as shown: stored ones have id and seq, our own are shown before they do. */
export type Line = Omit<StoredMessage, "id" | "seq"> & {
  id?: string;
  seq?: number;
  state: SentState;
  problem?: string;
};

export function draftOf({ id, name }: Person, body: string, replyTo: Quote | null): Line {
  return {
    clientId: newId(),
    senderId: id,
    senderName: name,
    body,
    createdAt: new Date().toISOString(),
    state: "sending",
    editedAt: null,
    removed: null,
    replyToId: replyTo?.id ?? null,
    replyTo,
    mentionIds: [],
    mentionsRoom: false,
    reactions: [],
    pinned: false,
  };
}

export const asLine = (message: StoredMessage): Line => ({ ...message, state: "stored" });

/** Both lists as one without doubles: by seq, then what is still on its way in the order it was written. */
export function merge(lines: readonly Line[], more: readonly Line[]): Line[] {
  const byKey = new Map(lines.map((line) => [keyOf(line), line]));
  const keyOfSeq = new Map(
    lines.flatMap((line) => (line.seq ? [[line.seq, keyOf(line)]] : [])) as [number, string][],
  );
  for (const line of more) {
    const before = line.seq && keyOfSeq.get(line.seq);
    if (before) byKey.delete(before);
    byKey.set(keyOf(line), line);
  }
  return [...byKey.values()].sort(bySeqThenTime);
}

export function lastSeq(lines: readonly Line[]): number {
  return lines.reduce((last, { seq = 0 }) => Math.max(last, seq), 0);
}

export function firstSeq(lines: readonly Line[]): number {
  return lines[0]?.seq ?? 0;
}

export function quoteOf({ id, seq, senderName, body, removed }: Line): Quote | null {
  return id && seq ? { id, seq, senderName, body, removed: removed !== null } : null;
}

// The client id alone would let one member write over another's message by choosing the same id.
export function keyOf({ senderId, clientId }: Line): string {
  return `${senderId} ${clientId}`;
}

function bySeqThenTime(a: Line, b: Line): number {
  const order = (a.seq ?? Infinity) - (b.seq ?? Infinity);
  return Number.isNaN(order) ? a.createdAt.localeCompare(b.createdAt) : order;
}
