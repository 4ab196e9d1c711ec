import { useState } from "react";
import type { Room } from "../../../api/rooms.ts";
import { InviteDone } from "../../../parts/invite-done.tsx";
import { InviteFields, type InviteOutcome } from "../../../parts/invite-fields.tsx";

/** Invites somebody into the group whose room this is. */
export function InviteForm({ room, onInvited }: { room: Room; onInvited: () => void }) {
  const [outcome, setOutcome] = useState<InviteOutcome | null>(null);
  const { groupId } = room;
  if (!groupId) return null;
  return (
    <section className="invite" aria-label={`Invite to ${room.groupName}`}>
      <h3>Invite to {room.groupName}</h3>
      <InviteFields
        groupId={groupId}
        members={room.members}
        onOutcome={(outcome) => {
          setOutcome(outcome);
          if (outcome) onInvited();
        }}
      />
      <InviteDone outcome={outcome} groupName={room.groupName ?? ""} members={room.members.length} />
    </section>
  );
}
