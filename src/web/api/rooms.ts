import { graphql } from "./graphql.ts";
import { Problem } from "./problem.ts";
import type { Person } from "./session.ts";

export type Role = "owner" | "teacher" | "student" | "parent" | "member";
export type Member = { id: string; name: string; role: Role };
export type RoomSummary = { id: string; name: string; groupName: string };
export type Room = RoomSummary & { groupId: string; kind: string; members: Member[] };

type RoomRow = {
  id: string;
  name: string;
  group: {
    id: string;
    name: string;
    kind: string;
    memberships: { nodes: { role: string; person: Person | null }[] };
  } | null;
};

/** The rooms the person may enter, by name. */
export async function loadRooms(): Promise<RoomSummary[]> {
  type Data = { rooms: { nodes: { id: string; name: string; group: { name: string } | null }[] } };
  const { rooms } = await graphql<Data>(`query Rooms { rooms { nodes { id name group { name } } } }`);
  return rooms.nodes
    .map(({ id, name, group }) => ({ id, name, groupName: group?.name ?? name }))
    .sort((a, b) => a.groupName.localeCompare(b.groupName) || a.name.localeCompare(b.name));
}

/** An address that holds no id is an unknown class to people. */
function asUnknown(error: unknown): { room: null } {
  if (error instanceof Problem && error.status === 422) return { room: null };
  throw error;
}

/** One room with the members of its class. */
export async function loadRoom(id: string): Promise<Room> {
  const { room } = await graphql<{ room: RoomRow | null }>(
    `query Room($id: UUID!) {
      room(id: $id) {
        id name
        group { id name kind memberships { nodes { role person { id name } } } }
      }
    }`,
    { id },
  ).catch(asUnknown);
  if (!room?.group)
    throw new Problem("HW404", "This class does not exist, or you are not a member of it.", 404);
  const { id: groupId, name: groupName, kind, memberships } = room.group;
  const members = memberships.nodes.flatMap(({ role, person }) =>
    person ? [{ ...person, role: asRole(role) }] : [],
  );
  return {
    id: room.id,
    name: room.name,
    groupId,
    groupName,
    kind: kind.toLowerCase(),
    members: members.sort(byRoleThenName),
  };
}

export type Invitation = { classId: string; name: string; email: string; role: Role };

/**
 * Gives the person where the inviter may enrol at once, null while the invitation waits to be accepted. The person may
 * have been known under another name or have been a member before (then there is no letter). Throws Problem HW403 or HW422.
 */
export async function inviteToClass(invitation: Invitation): Promise<Person | null> {
  const { inviteToClass } = await graphql<{ inviteToClass: { result: { person: Person } | null } }>(
    `mutation Invite($input: InviteToClassInput!) { inviteToClass(input: $input) { result { person { id name } } } }`,
    { input: invitation },
  );
  return inviteToClass.result?.person ?? null;
}

const RANK: Record<Role, number> = { owner: 0, teacher: 1, student: 2, parent: 3, member: 4 };

function asRole(text: string): Role {
  const role = text.toLowerCase();
  return role in RANK ? (role as Role) : "member";
}

function byRoleThenName(a: Member, b: Member): number {
  return RANK[a.role] - RANK[b.role] || a.name.localeCompare(b.name);
}
