import { useCallback } from "react";
import { loadMyGroups, type MyGroups } from "../api/my-groups.ts";
import { onceForPerson } from "../api/once-for-person.ts";
import { useIsStaff } from "../api/use-is-staff.ts";
import { Loading } from "../parts/loading.tsx";
import { Page } from "../parts/page.tsx";
import type { Screen, ScreenProps } from "../parts/screen.ts";
import { useLoad } from "../parts/use-load.ts";
import { loadOwnPledges, type Pledge } from "./pledges/api.ts";
import { OwnPledges } from "./pledges/own-pledges.tsx";
import { PledgeBook } from "./pledges/pledge-book.tsx";
import "./pledges/pledges.css";

export default {
  path: /^\/pledges\/?$/,
  View: PledgesScreen,
  nav: { label: "Pledges", href: "/pledges", order: 55, useShown: useConcerned },
} satisfies Screen;

/** What one has promised oneself and, for staff, what others have promised and paid. */
function PledgesScreen({ person }: ScreenProps) {
  const load = useCallback(
    async () => ({ mine: await loadMyGroups(), own: await loadOwnPledges(person.id) }),
    [person.id],
  );
  const loaded = useLoad(load);
  return (
    <Page title="Pledges" lead="What was promised for a purpose, what was paid, and what is open.">
      <Loading of={loaded} what="pledges">
        {({ mine, own }) => <Pledges mine={mine} own={own} />}
      </Loading>
    </Page>
  );
}

function Pledges({ mine, own }: { mine: MyGroups; own: Pledge[] }) {
  const keepsBook = mine.staffGroups.length > 0 || mine.runsCommunity;
  return (
    <>
      {(own.length > 0 || !keepsBook) && <OwnPledges pledges={own} />}
      {keepsBook && <PledgeBook mine={mine} />}
    </>
  );
}

const useOwnCount = onceForPerson(async (personId) => (await loadOwnPledges(personId)).length);

function useConcerned(): boolean {
  const staff = useIsStaff();
  const own = useOwnCount() ?? 0;
  return staff || own > 0;
}
