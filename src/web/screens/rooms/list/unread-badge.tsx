import { useSession } from "../../../api/session.ts";
import { callsIn, useRooms } from "./rooms-store.ts";

/** How many messages call for the person, beside the entry of the navigation. */
export function UnreadBadge() {
  const { person } = useSession();
  return person && <Badge personId={person.id} />;
}

function Badge({ personId }: { personId: string }) {
  const { rooms } = useRooms(personId);
  const calls = rooms ? callsIn(rooms) : 0;
  if (calls === 0) return null;
  return (
    <span className="nav-badge" data-testid="unread-badge">
      <span aria-hidden="true">{calls > 99 ? "99+" : calls}</span>
      <span className="visually-hidden">{calls} for you</span>
    </span>
  );
}
