import { loadMyGroups } from "./my-groups.ts";
import { onceForPerson } from "./once-for-person.ts";

const useMine = onceForPerson(loadMyGroups);

/** Whether the person who is signed in may do somewhere what teachers do. */
export function useIsStaff(): boolean {
  return (useMine()?.staffGroups.length ?? 0) > 0;
}

export function useRunsCommunity(): boolean {
  return useMine()?.runsCommunity ?? false;
}

export function useServesCommunity(): boolean {
  return useMine()?.servesCommunity ?? false;
}
