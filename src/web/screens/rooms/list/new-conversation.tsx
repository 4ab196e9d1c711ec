import { useCallback, useState } from "react";
import { loadOwnGroups } from "../../../api/groups.ts";
import type { Person } from "../../../api/session.ts";
import { Dialog } from "../../../parts/dialog.tsx";
import { Tabs } from "../../../parts/tabs.tsx";
import { useLoad } from "../../../parts/use-load.ts";
import { NewDirect } from "./new-direct.tsx";
import { NewRoomForm } from "./new-room-form.tsx";

/** Writing to people, and for staff a room of a group. */
export function NewConversation({ person, onClose }: { person: Person; onClose: () => void }) {
  const load = useCallback(() => loadOwnGroups(person.id), [person.id]);
  const { data: groups } = useLoad(load);
  const [shown, setShown] = useState("people");
  const led =
    groups?.filter(({ role, archived }) => (role === "owner" || role === "teacher") && !archived) ?? [];
  const direct = <NewDirect person={person} onClose={onClose} />;
  return (
    <Dialog title="New conversation" onClose={onClose}>
      {led.length === 0 ? (
        direct
      ) : (
        <Tabs
          label="What to begin"
          shown={shown}
          onShow={setShown}
          tabs={[
            { id: "people", label: "With people", panel: direct },
            {
              id: "room",
              label: "A room of a group",
              panel: <NewRoomForm person={person} groups={led} onClose={onClose} />,
            },
          ]}
        />
      )}
    </Dialog>
  );
}
