import { graphql, mutate } from "./graphql.ts";

/** A message as stored by the server. `seq` counts 1, 2, 3 ... within its room. */
export type StoredMessage = {
  id: string;
  seq: number;
  clientId: string;
  senderId: string;
  senderName: string;
  /** With mentions as @[Name](person id); empty when it was removed. */
  body: string;
  createdAt: string;
  editedAt: string | null;
  removed: "deleted" | "hidden" | null;
  replyToId: string | null;
  replyTo: Quote | null;
  mentionIds: string[];
  mentionsRoom: boolean;
  reactions: Reaction[];
  pinned: boolean;
};

export type Quote = { id: string; seq: number; senderName: string; body: string; removed: boolean };
export type Reaction = { emoji: string; count: number; mine: boolean };
export type Page = { messages: StoredMessage[]; hasOlder: boolean; hasNewer: boolean };

export type Row = {
  id: string;
  seq: number | string;
  body: string;
  clientId: string | null;
  createdAt: string;
  editedAt: string | null;
  deletedAt: string | null;
  hiddenAt: string | null;
  replyToId: string | null;
  replyTo: QuoteRow | null;
  mentionIds: (string | null)[] | null;
  mentionsRoom: boolean;
  reactionCounts: ({ emoji: string; count: number; isMine: boolean } | null)[] | null;
  pin: { messageId: string } | null;
  sender: { id: string; name: string } | null;
};
type QuoteRow = Pick<Row, "id" | "seq" | "body" | "deletedAt" | "hiddenAt"> & {
  sender: { name: string } | null;
};

export const PAGE_SIZE = 50;
export const FIELDS = `id seq body clientId createdAt editedAt deletedAt hiddenAt mentionIds mentionsRoom replyToId
  sender { id name } replyTo { id seq body deletedAt hiddenAt sender { name } }
  reactionCounts { emoji count isMine } pin { messageId }`;

type Span = { before?: number; from?: number };

/** The newest messages of a room; or those just before a seq; or those from a seq on. Oldest first. */
export async function loadPage(roomId: string, { before, from }: Span = {}): Promise<Page> {
  type Data = { room: { messages: { nodes: Row[] } } | null };
  const forwards = from !== undefined;
  const filter = forwards ? { greaterThanOrEqualTo: String(from) } : before && { lessThan: String(before) };
  const { room } = await graphql<Data>(
    `query Messages($id: UUID!, $first: Int!, $filter: MessageFilter, $order: MessageOrderBy!) {
      room(id: $id) { messages(first: $first, filter: $filter, orderBy: [$order]) { nodes { ${FIELDS} } } }
    }`,
    {
      id: roomId,
      first: PAGE_SIZE,
      filter: filter ? { seq: filter } : undefined,
      order: forwards ? "SEQ_ASC" : "SEQ_DESC",
    },
  );
  const nodes = room?.messages.nodes ?? [];
  const messages = (forwards ? nodes : nodes.toReversed()).map(fromRow);
  const full = nodes.length === PAGE_SIZE;
  const hasOlder = (messages[0]?.seq ?? 1) > 1;
  return { messages, hasOlder, hasNewer: forwards ? full : before !== undefined };
}

/** One message as it is now, or null when it cannot be seen. */
export async function loadMessage(id: string): Promise<StoredMessage | null> {
  const { message } = await graphql<{ message: Row | null }>(
    `query Message($id: UUID!) { message(id: $id) { ${FIELDS} } }`,
    { id },
  );
  return message && fromRow(message);
}

export type Draft = { clientId: string; body: string; replyToId: string | null; confirm: boolean };

/** Stores a message; the same `clientId` again gives the first one back. Throws Problem. */
export async function sendMessage(roomId: string, draft: Draft): Promise<StoredMessage> {
  const { result } = await mutate<{ result: Row }>(
    "sendMessage",
    { roomId, ...draft },
    `result { ${FIELDS} }`,
  );
  return fromRow(result);
}

/** A message out of a broadcast's payload, or null when it is not one. */
export function messageFromBroadcast(payload: Record<string, unknown>): StoredMessage | null {
  const { id, seq, body, clientId, senderId, senderName, createdAt, replyToId, mentionIds } = payload;
  if (typeof id !== "string" || typeof body !== "string" || !(Number(seq) > 0)) return null;
  return {
    id,
    seq: Number(seq),
    body,
    clientId: String(clientId ?? id),
    senderId: String(senderId ?? ""),
    senderName: String(senderName ?? "Former member"),
    createdAt: String(createdAt ?? new Date().toISOString()),
    replyToId: typeof replyToId === "string" ? replyToId : null,
    replyTo: null,
    mentionIds: Array.isArray(mentionIds) ? mentionIds.map(String) : [],
    mentionsRoom: payload.mentionsRoom === true,
    editedAt: null,
    removed: null,
    reactions: [],
    pinned: false,
  };
}

export function fromRow(row: Row): StoredMessage {
  const { sender, replyTo, reactionCounts, pin, ...rest } = row;
  return {
    id: row.id,
    body: row.body,
    createdAt: row.createdAt,
    editedAt: row.editedAt,
    replyToId: rest.replyToId,
    mentionsRoom: row.mentionsRoom,
    seq: Number(row.seq),
    clientId: row.clientId ?? row.id,
    senderId: sender?.id ?? "",
    senderName: sender?.name ?? "Former member",
    removed: removedOf(row),
    replyTo: replyTo && quoteOf(replyTo),
    mentionIds: (row.mentionIds ?? []).flatMap((id) => (id ? [id] : [])),
    reactions: (reactionCounts ?? []).flatMap((one) =>
      one ? [{ emoji: one.emoji, count: one.count, mine: one.isMine }] : [],
    ),
    pinned: pin !== null && pin !== undefined,
  };
}

function quoteOf({ id, seq, body, sender, ...row }: QuoteRow): Quote {
  return {
    id,
    seq: Number(seq),
    body,
    senderName: sender?.name ?? "Former member",
    removed: removedOf(row) !== null,
  };
}

function removedOf({ deletedAt, hiddenAt }: Pick<Row, "deletedAt" | "hiddenAt">) {
  if (deletedAt) return "deleted";
  return hiddenAt ? "hidden" : null;
}
