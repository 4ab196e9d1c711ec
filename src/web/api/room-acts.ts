import { graphql, mutate } from "./graphql.ts";
import { newId } from "./new-id.ts";
import type { Involvement, RoomKind } from "./rooms.ts";
import type { Person } from "./session.ts";

type Made = { result: { id: string } };

export async function joinRoom(roomId: string): Promise<void> {
  await mutate("joinRoom", { roomId });
}

export async function leaveRoom(roomId: string): Promise<void> {
  await mutate("leaveRoom", { roomId });
}

export type NewRoom = { groupId: string; name: string; kind: Exclude<RoomKind, "direct">; clientId: string };

/** Gives the id of the room. */
export async function createRoom(room: NewRoom): Promise<string> {
  const { result } = await mutate<Made>("createRoom", room, "result { id }");
  return result.id;
}

/** The direct conversation with these people: the one there is, or a new one. Gives its id. */
export async function openDirect(personIds: string[]): Promise<string> {
  const { result } = await mutate<Made>("openDirect", { personIds, clientId: newId() }, "result { id }");
  return result.id;
}

export async function renameRoom(roomId: string, name: string): Promise<void> {
  await mutate("renameRoom", { roomId, name });
}

export async function markRead(roomId: string, seq: number): Promise<void> {
  await mutate("markRead", { roomId, seq: String(seq) });
}

/** Everything up to the message has reached this device. */
export async function markDelivered(roomId: string, seq: number): Promise<void> {
  await mutate("markDelivered", { roomId, seq: String(seq) });
}

/** Without a time it is heard again. */
export async function muteRoom(roomId: string, until: Date | null): Promise<void> {
  await mutate("muteRoom", { roomId, until: until?.toISOString() ?? null });
}

export async function setInvolvement(roomId: string, involvement: Involvement): Promise<void> {
  await mutate("setInvolvement", { roomId, involvement });
}

export async function setSlowMode(roomId: string, seconds: number): Promise<void> {
  await mutate("setSlowMode", { roomId, seconds });
}

export async function addToRoom(roomId: string, personId: string): Promise<void> {
  await mutate("addToRoom", { roomId, personId });
}

export async function removeFromRoom(roomId: string, personId: string): Promise<void> {
  await mutate("removeFromRoom", { roomId, personId });
}

/** Without an end it is for good. */
export async function banFromRoom(
  roomId: string,
  personId: string,
  until: Date | null,
  reason: string,
): Promise<void> {
  await mutate("banFromRoom", { roomId, personId, until: until?.toISOString() ?? null, reason });
}

export async function unban(roomId: string, personId: string): Promise<void> {
  await mutate("unban", { roomId, personId });
}

/** Everybody one can see, by name: whom to write to. */
export async function loadPeople(): Promise<Person[]> {
  const { people } = await graphql<{ people: { nodes: Person[] } }>(
    `query People { people(first: 100, orderBy: [NAME_ASC]) { nodes { id name } } }`,
  );
  return people.nodes;
}

export type ModerationEntry = {
  id: string;
  action: string;
  reason: string;
  body: string | null;
  createdAt: string;
  messageSeq: number | null;
  actorName: string;
  personName: string;
};

type EntryRow = Omit<ModerationEntry, "messageSeq" | "actorName" | "personName"> & {
  message: { seq: number | string } | null;
  actor: { name: string } | null;
  person: { name: string } | null;
};

/** What was reported in a room and what staff did, the latest first. */
export async function loadModeration(roomId: string): Promise<ModerationEntry[]> {
  const { room } = await graphql<{ room: { moderation: { nodes: EntryRow[] } } | null }>(
    `query Moderation($id: UUID!) {
      room(id: $id) {
        moderation(first: 50) {
          nodes { id action reason body createdAt message { seq } actor { name } person { name } }
        }
      }
    }`,
    { id: roomId },
  );
  const entries = (room?.moderation.nodes ?? []).map(({ message, actor, person, ...entry }) => ({
    ...entry,
    messageSeq: message && Number(message.seq),
    actorName: actor?.name ?? "Somebody",
    personName: person?.name ?? "somebody",
  }));
  return entries.sort((a, b) => b.createdAt.localeCompare(a.createdAt));
}

export type Ban = { person: Person /** Null: for good. */; until: string | null };

export async function loadBans(roomId: string): Promise<Ban[]> {
  type Data = { room: { bans: { nodes: { until: string | null; person: Person | null }[] } } | null };
  const { room } = await graphql<Data>(
    `query Bans($id: UUID!) { room(id: $id) { bans { nodes { until person { id name } } } } }`,
    { id: roomId },
  );
  return (room?.bans.nodes ?? []).flatMap(({ person, until }) => (person ? [{ person, until }] : []));
}
