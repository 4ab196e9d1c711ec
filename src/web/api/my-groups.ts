import { graphql } from "./graphql.ts";

export type MyGroup = { id: string; name: string; kind: string; role: string | null; staff: boolean };
export type MyGroups = {
  groups: MyGroup[];
  staffGroups: MyGroup[];
  /** Is its owner. */
  runsCommunity: boolean;
  /** Is its owner or on its staff. */
  servesCommunity: boolean;
  hasChildren: boolean;
};

type Row = { id: string; name: string; kind: string };

/** The groups of the person who is signed in, by name; who runs the community is staff in all of them. */
export async function loadMyGroups(): Promise<MyGroups> {
  type Data = {
    me: {
      communityRole: string;
      childGuardianships: { totalCount: number };
      memberships: { nodes: { role: string; group: { id: string } | null }[] };
    } | null;
    groups: { nodes: Row[] };
  };
  const { me, groups } = await graphql<Data>(
    `query MyGroups {
      me { communityRole childGuardianships { totalCount } memberships { nodes { role group { id } } } }
      groups(orderBy: NAME_ASC) { nodes { id name kind } }
    }`,
  );
  const runsCommunity = me?.communityRole === "owner";
  const roles = new Map(me?.memberships.nodes.map(({ role, group }) => [group?.id, role]));
  const mine = groups.nodes.map((group) => {
    const role = roles.get(group.id) ?? null;
    return { ...group, role, staff: runsCommunity || role === "owner" || role === "teacher" };
  });
  return {
    groups: mine,
    staffGroups: mine.filter(({ staff }) => staff),
    runsCommunity,
    servesCommunity: runsCommunity || me?.communityRole === "staff",
    hasChildren: (me?.childGuardianships.totalCount ?? 0) > 0,
  };
}
