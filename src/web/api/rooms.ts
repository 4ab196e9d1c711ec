import { graphql } from "./graphql.ts";
import { Problem } from "./problem.ts";
import type { Person } from "./session.ts";

export type RoomKind = "open" | "closed" | "announcement" | "direct";
export type Role = "owner" | "teacher" | "student" | "parent" | "member";
export type Involvement = "everything" | "mentions" | "nothing";

/** How the person who is signed in stands to a room; null for a room that one may join but is not in. */
export type Standing = {
  unread: number;
  mentions: number;
  lastReadSeq: number;
  involvement: Involvement;
  mutedUntil: string | null;
  mayWrite: boolean;
  mayModerate: boolean;
  waitSeconds: number;
};

export type RoomSummary = {
  id: string;
  title: string;
  kind: RoomKind;
  groupId: string | null;
  groupName: string | null;
  includesGroup: boolean;
  lastMessageAt: string | null;
  lastSeq: number;
  slowModeSeconds: number;
  /** Two of its people: whose face a direct conversation has. */
  faceIds: string[];
  lastMessage: { senderId: string; senderName: string; body: string; removed: boolean } | null;
  standing: Standing | null;
};

export type Member = { id: string; name: string; role: Role; moderates: boolean };
export type Room = RoomSummary & {
  /** The first hundred; `memberCount` says how many there are. */
  members: Member[];
  memberCount: number;
};

const FIELDS = `id title kind includesGroup lastMessageAt lastSeq slowModeSeconds group { id name }
  lastMessage { body deletedAt hiddenAt sender { id name } }
  faces: members(first: 2) { nodes { personId } }
  mine { role unread mentions lastReadSeq involvement mutedUntil mayWrite mayModerate waitSeconds }`;

type StandingRow = Omit<Standing, "unread" | "mentions" | "lastReadSeq"> & {
  role: string | null;
  unread: number | string;
  mentions: number | string;
  lastReadSeq: number | string;
};
type RoomRow = {
  id: string;
  title: string;
  kind: string;
  includesGroup: boolean;
  lastMessageAt: string | null;
  lastSeq: number | string;
  slowModeSeconds: number;
  group: { id: string; name: string } | null;
  lastMessage: {
    body: string;
    deletedAt: string | null;
    hiddenAt: string | null;
    sender: { id: string; name: string } | null;
  } | null;
  faces: { nodes: { personId: string }[] };
  mine: StandingRow | null;
};
type MemberRow = { role: string; person: Person | null };
type FullRow = RoomRow & {
  members: { totalCount: number; nodes: MemberRow[] };
  group: (RoomRow["group"] & { memberships: { nodes: MemberRow[] } }) | null;
};

/** The rooms one is in and those one may join, the liveliest first. */
export async function loadRooms(): Promise<RoomSummary[]> {
  const { rooms } = await graphql<{ rooms: { nodes: RoomRow[] } }>(
    `query Rooms { rooms(first: 100, orderBy: [LAST_MESSAGE_AT_DESC]) { nodes { ${FIELDS} } } }`,
  );
  return rooms.nodes.map(fromRow);
}

/** One room with its people. Throws Problem HW404. */
export async function loadRoom(id: string): Promise<Room> {
  const { room } = await graphql<{ room: FullRow | null }>(
    `query Room($id: UUID!) {
      room(id: $id) {
        ${FIELDS}
        group { id name memberships(first: 100) { nodes { role person { id name } } } }
        members(first: 100) { totalCount nodes { role person { id name } } }
      }
    }`,
    { id },
  ).catch(asUnknown);
  if (!room) throw new Problem("HW404", "This room does not exist, or you are not in it.", 404);
  return { ...fromRow(room), members: membersOf(room), memberCount: room.members.totalCount };
}

/** An address that holds no id is an unknown room to people. */
function asUnknown(error: unknown): { room: null } {
  if (error instanceof Problem && error.status === 422) return { room: null };
  throw error;
}

function membersOf({ members, group }: FullRow): Member[] {
  const roles = new Map(group?.memberships.nodes.map(({ role, person }) => [person?.id, asRole(role)]));
  return members.nodes
    .flatMap(({ role, person }): Member[] =>
      person ? [{ ...person, role: roles.get(person.id) ?? "member", moderates: role === "moderator" }] : [],
    )
    .sort((a, b) => RANK[a.role] - RANK[b.role] || a.name.localeCompare(b.name));
}

function fromRow({ group, mine, faces, lastMessage, lastSeq, kind, ...row }: RoomRow): RoomSummary {
  return {
    id: row.id,
    title: row.title,
    kind: kind.toLowerCase() as RoomKind,
    includesGroup: row.includesGroup,
    lastMessageAt: row.lastMessageAt,
    slowModeSeconds: row.slowModeSeconds,
    groupId: group?.id ?? null,
    faceIds: faces.nodes.map(({ personId }) => personId),
    groupName: group?.name ?? null,
    lastSeq: Number(lastSeq),
    lastMessage: lastMessage && {
      senderId: lastMessage.sender?.id ?? "",
      senderName: lastMessage.sender?.name ?? "Former member",
      body: lastMessage.body,
      removed: Boolean(lastMessage.deletedAt ?? lastMessage.hiddenAt),
    },
    standing: mine?.role ? standingOf(mine) : null,
  };
}

function standingOf({ role: _, unread, mentions, lastReadSeq, ...row }: StandingRow): Standing {
  return { ...row, unread: Number(unread), mentions: Number(mentions), lastReadSeq: Number(lastReadSeq) };
}

const RANK: Record<Role, number> = { owner: 0, teacher: 1, student: 2, parent: 3, member: 4 };

export function asRole(text: string): Role {
  const role = text.toLowerCase();
  return role in RANK ? (role as Role) : "member";
}

export const byRole = (a: Role, b: Role) => RANK[a] - RANK[b];
