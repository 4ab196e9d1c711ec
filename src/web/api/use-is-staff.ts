import { useEffect, useState } from "react";
import { loadMyGroups } from "./my-groups.ts";
import { useSession } from "./session.ts";

let asked: { personId: string; answer: Promise<boolean> } | null = null;

/** Whether the person who is signed in may do somewhere what teachers do; asked for once per person. */
export function useIsStaff(): boolean {
  const personId = useSession().person?.id;
  const [known, setKnown] = useState<{ personId: string; staff: boolean } | null>(null);
  useEffect(() => {
    if (!personId) return;
    ask(personId).then(
      (staff) => setKnown({ personId, staff }),
      () => {
        asked = null;
      },
    );
  }, [personId]);
  return known !== null && known.personId === personId && known.staff;
}

function ask(personId: string): Promise<boolean> {
  if (asked?.personId !== personId)
    asked = { personId, answer: loadMyGroups().then(({ staffGroups }) => staffGroups.length > 0) };
  return asked.answer;
}
