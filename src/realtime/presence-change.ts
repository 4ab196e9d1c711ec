import type { Member } from "./presence.ts";

/** The refs that left; "others": every member of that relay that is not among the joins. */
export type Leaves = string[] | "others";

/**
 * What became of one relay's members. `held`: refs, also of joins, whose leave is held back. `replaced`: refs of other
 * relays, which are gone, whose place one of the joins took.
 */
export type PresenceChange = { joins: Member[]; leaves: Leaves; held: string[]; replaced: string[] };

/** Several changes, oldest first, as one. */
export function merged(changes: readonly PresenceChange[]): PresenceChange {
  const joins = new Map<string, Member>();
  const leaves = new Set<string>();
  const held = new Set<string>();
  const replaced = new Set<string>();
  let others = false;
  for (const change of changes) {
    if (change.leaves === "others") {
      others = true;
      for (const refs of [joins, leaves, held]) refs.clear();
    } else {
      for (const ref of change.leaves) {
        joins.delete(ref);
        held.delete(ref);
        leaves.add(ref);
      }
    }
    for (const member of change.joins) joins.set(member.ref, member);
    for (const ref of change.held) held.add(ref);
    for (const ref of change.replaced) replaced.add(ref);
  }
  const lists = { joins: [...joins.values()], held: [...held], replaced: [...replaced] };
  return { ...lists, leaves: others ? "others" : [...leaves] };
}
