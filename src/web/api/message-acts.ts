import { graphql, mutate } from "./graphql.ts";
import { FIELDS, fromRow, type Row, type StoredMessage } from "./messages.ts";
import type { Person } from "./session.ts";

export async function editMessage(messageId: string, body: string): Promise<void> {
  await mutate("editMessage", { messageId, body });
}

export async function deleteMessage(messageId: string): Promise<void> {
  await mutate("deleteMessage", { messageId });
}

/** Puts an emoji to a message, or takes it back. */
export async function react(messageId: string, emoji: string, on: boolean): Promise<void> {
  await mutate(on ? "react" : "unreact", { messageId, emoji });
}

export async function pin(messageId: string, on: boolean): Promise<void> {
  await mutate(on ? "pinMessage" : "unpinMessage", { messageId });
}

export async function reportMessage(messageId: string, reason: string): Promise<void> {
  await mutate("reportMessage", { messageId, reason });
}

export async function hideMessage(messageId: string, reason: string): Promise<void> {
  await mutate("hideMessage", { messageId, reason });
}

export async function unhideMessage(messageId: string): Promise<void> {
  await mutate("unhideMessage", { messageId });
}

/** Messages of a room by words and parts of words, the best first. */
export async function searchMessages(roomId: string, query: string): Promise<StoredMessage[]> {
  const { searchMessages } = await graphql<{ searchMessages: { nodes: Row[] } }>(
    `query Search($roomId: UUID!, $query: String!) {
      searchMessages(roomId: $roomId, query: $query, first: 30) { nodes { ${FIELDS} } }
    }`,
    { roomId, query },
  );
  return searchMessages.nodes.map(fromRow);
}

export async function loadPinned(roomId: string): Promise<StoredMessage[]> {
  const { room } = await graphql<{ room: { pins: { nodes: { message: Row | null }[] } } | null }>(
    `query Pinned($id: UUID!) { room(id: $id) { pins(first: 50) { nodes { message { ${FIELDS} } } } } }`,
    { id: roomId },
  );
  const rows = (room?.pins.nodes ?? []).flatMap(({ message }) => (message ? [message] : []));
  return rows.map(fromRow).sort((a, b) => b.seq - a.seq);
}

export type Arrival = { delivered: boolean; seenBy: Person[] };

/** How far a message has come, and who has read it; nobody is named in large rooms. */
export async function loadArrival(messageId: string): Promise<Arrival> {
  type Data = { message: { status: string; seenBy: { nodes: Person[] } } | null };
  const { message } = await graphql<Data>(
    `query Arrival($id: UUID!) { message(id: $id) { status seenBy(first: 50) { nodes { id name } } } }`,
    { id: messageId },
  );
  return { delivered: message?.status === "delivered", seenBy: message?.seenBy.nodes ?? [] };
}
