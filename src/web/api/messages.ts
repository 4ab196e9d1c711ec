import { graphql } from "./graphql.ts";

/** A message as stored by the server. `seq` counts 1, 2, 3 ... within its room. */
export type StoredMessage = {
  id: string;
  seq: number;
  clientId: string;
  senderId: string;
  senderName: string;
  body: string;
  createdAt: string;
};

export type Page = { messages: StoredMessage[]; hasOlder: boolean; oldestCursor: string | null };

type Row = {
  id: string;
  seq: number | string;
  body: string;
  clientId: string;
  createdAt: string;
  sender: { id: string; name: string } | null;
};

const PAGE_SIZE = 50;
const FIELDS = "id seq body clientId createdAt sender { id name }";

/** The newest messages of a room, or the ones just before a cursor, oldest first. */
export async function loadPage(roomId: string, before: string | null): Promise<Page> {
  type Data = {
    room: {
      messages: { nodes: Row[]; pageInfo: { hasPreviousPage: boolean; startCursor: string | null } };
    } | null;
  };
  const { room } = await graphql<Data>(
    `query Messages($id: UUID!, $last: Int!, $before: Cursor) {
      room(id: $id) {
        messages(last: $last, before: $before, orderBy: SEQ_ASC) {
          nodes { ${FIELDS} }
          pageInfo { hasPreviousPage startCursor }
        }
      }
    }`,
    { id: roomId, last: PAGE_SIZE, before },
  );
  if (!room) return { messages: [], hasOlder: false, oldestCursor: null };
  const { nodes, pageInfo } = room.messages;
  return {
    messages: nodes.map(fromRow),
    hasOlder: pageInfo.hasPreviousPage,
    oldestCursor: pageInfo.startCursor,
  };
}

/** Stores a message; the same `clientId` again gives the first one back. Throws Problem. */
export async function sendMessage(roomId: string, clientId: string, body: string): Promise<StoredMessage> {
  const { sendMessage } = await graphql<{ sendMessage: { result: Row } }>(
    `mutation Send($input: SendMessageInput!) { sendMessage(input: $input) { result { ${FIELDS} } } }`,
    { input: { roomId, clientId, body } },
  );
  return fromRow(sendMessage.result);
}

/** A message out of a broadcast's payload, or null when it is not one. */
export function messageFromBroadcast(payload: unknown): StoredMessage | null {
  if (typeof payload !== "object" || payload === null) return null;
  const { id, seq, body, clientId, senderId, senderName, createdAt } = payload as Record<string, unknown>;
  if (typeof id !== "string" || typeof body !== "string" || !(Number(seq) > 0)) return null;
  return {
    id,
    seq: Number(seq),
    body,
    clientId: String(clientId ?? id),
    senderId: String(senderId ?? ""),
    senderName: String(senderName ?? "Former member"),
    createdAt: String(createdAt ?? new Date().toISOString()),
  };
}

function fromRow({ sender, seq, clientId, ...row }: Row): StoredMessage {
  const senderName = sender?.name ?? "Former member";
  return { ...row, seq: Number(seq), clientId: clientId ?? row.id, senderId: sender?.id ?? "", senderName };
}
