import type { StoredMessage } from "../../api/messages.ts";
import type { Person } from "../../api/session.ts";

/** "waiting" may be sent again by itself; "refused" needs the person. */
export type SentState = "stored" | "sending" | "waiting" | "refused";

/** One message as shown: stored ones have id and seq, our own are shown before they do. */
export type Line = Omit<StoredMessage, "id" | "seq"> & {
  id?: string;
  seq?: number;
  state: SentState;
  problem?: string;
};

export function draftOf(person: Person, body: string): Line {
  const createdAt = new Date().toISOString();
  const clientId = newId();
  return { clientId, senderId: person.id, senderName: person.name, body, createdAt, state: "sending" };
}

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

// The client id alone would let one member write over another's message by choosing the same id.
export function keyOf({ senderId, clientId }: Line): string {
  return `${senderId} ${clientId}`;
}

function bySeqThenTime(a: Line, b: Line): number {
  const order = (a.seq ?? Infinity) - (b.seq ?? Infinity);
  return Number.isNaN(order) ? a.createdAt.localeCompare(b.createdAt) : order;
}

// `randomUUID` is missing on plain http away from localhost, for example on a phone in the same network.
function newId(): string {
  if ("randomUUID" in crypto) return crypto.randomUUID();
  const random = () => crypto.getRandomValues(new Uint8Array(1))[0] ?? 0;
  return "10000000-1000-4000-8000-100000000000".replace(/[018]/g, (digit) =>
    (Number(digit) ^ (random() & (15 >> (Number(digit) / 4)))).toString(16),
  );
}
