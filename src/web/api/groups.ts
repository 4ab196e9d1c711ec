import { graphql, mutate } from "./graphql.ts";
import { allNodes, PAGE_INFO, type PageOf } from "./pages.ts";
import { asRole, byRole, type Role } from "./rooms.ts";
import type { Person } from "./session.ts";

export type OwnGroup = { id: string; name: string; kind: string; role: Role; archived: boolean };
export type Guardian = { guardianshipId: string; id: string; name: string };
export type GroupMember = {
  membershipId: string;
  personId: string;
  name: string;
  role: Role;
  isMinor: boolean;
  guardians: Guardian[];
};
export type Group = {
  id: string;
  name: string;
  kind: string;
  description: string;
  archived: boolean;
  members: GroupMember[];
};

type GroupRow = { id: string; name: string; kind: string; archivedAt: string | null };

/** The groups one is in, by name. */
export async function loadOwnGroups(personId: string): Promise<OwnGroup[]> {
  type Data = { memberships: { nodes: { role: string; group: GroupRow | null }[] } };
  const { memberships } = await graphql<Data>(
    `query OwnGroups($id: UUID!) {
      memberships(first: 100, filter: { personId: { equalTo: $id } }) {
        nodes { role group { id name kind archivedAt } }
      }
    }`,
    { id: personId },
  );
  return memberships.nodes
    .flatMap(({ role, group }) =>
      group
        ? [
            {
              id: group.id,
              name: group.name,
              kind: group.kind,
              role: asRole(role),
              archived: group.archivedAt !== null,
            },
          ]
        : [],
    )
    .sort((a, b) => Number(a.archived) - Number(b.archived) || a.name.localeCompare(b.name));
}

type MemberRow = { id: string; role: string; person: (Person & { isMinor: boolean } & GuardiansRow) | null };
type GuardiansRow = { guardianships: { nodes: { id: string; guardian: Person | null }[] } };

const MEMBERS = `memberships(first: 100, after: $after) {
  nodes { id role person { id name isMinor guardianships(first: 4) { nodes { id guardian { id name } } } } }
  ${PAGE_INFO}
}`;

/** One group with all its people; null where it cannot be seen. */
export async function loadGroup(id: string): Promise<Group | null> {
  type Data = { group: (GroupRow & { description: string; memberships: PageOf<MemberRow> }) | null };
  let group: Data["group"] = null;
  const rows = await allNodes<MemberRow>(async (after) => {
    const answer = await graphql<Data>(
      `query Group($id: UUID!, $after: Cursor) { group(id: $id) { id name kind description archivedAt ${MEMBERS} } }`,
      { id, after },
    );
    group = answer.group;
    return answer.group?.memberships;
  });
  return group && groupOf(group, rows);
}

function groupOf(
  { id, name, kind, description, archivedAt }: GroupRow & { description: string },
  rows: MemberRow[],
) {
  const members = rows.flatMap((row) => memberOf(row));
  members.sort((a, b) => byRole(a.role, b.role) || a.name.localeCompare(b.name));
  return { id, name, kind, description, archived: archivedAt !== null, members };
}

/** The people of a group, by name. */
export async function loadGroupMembers(id: string): Promise<GroupMember[]> {
  const group = await loadGroup(id);
  return (group?.members ?? []).sort((a, b) => a.name.localeCompare(b.name));
}

function memberOf({ id, role, person }: MemberRow): GroupMember[] {
  if (!person) return [];
  const guardians = person.guardianships.nodes.flatMap(({ id: guardianshipId, guardian }) =>
    guardian ? [{ guardianshipId, ...guardian }] : [],
  );
  const { name, isMinor } = person;
  return [{ membershipId: id, personId: person.id, role: asRole(role), name, isMinor, guardians }];
}

export type GroupWords = { name: string; kind: string; description: string };

/** Makes a group with oneself as its owner. Gives its id. */
export async function createGroup(group: GroupWords & { clientId: string }): Promise<string> {
  const { result } = await mutate<{ result: { id: string } }>("createGroup", group, "result { id }");
  return result.id;
}

export async function updateGroup(groupId: string, words: GroupWords): Promise<void> {
  await mutate("updateGroup", { groupId, ...words });
}

export async function archiveGroup(groupId: string, archived: boolean): Promise<void> {
  await mutate("archiveGroup", { groupId, archived });
}

export async function leaveGroup(groupId: string): Promise<void> {
  await mutate("leaveGroup", { groupId });
}

export async function changeRole(membershipId: string, role: Role): Promise<void> {
  await mutate("changeRole", { membershipId, role });
}

export async function removeMember(membershipId: string): Promise<void> {
  await mutate("removeMember", { membershipId });
}

/** Says whether the policies on minors protect somebody. */
export async function setMinor(personId: string, isMinor: boolean): Promise<void> {
  await mutate("setMinor", { personId, isMinor });
}

export async function addGuardian(childId: string, guardianId: string): Promise<void> {
  await mutate("addGuardian", { childId, guardianId });
}

export async function removeGuardian(guardianshipId: string): Promise<void> {
  await mutate("removeGuardian", { guardianshipId });
}
