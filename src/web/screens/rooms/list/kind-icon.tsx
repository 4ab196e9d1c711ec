import type { RoomSummary } from "../../../api/rooms.ts";
import { Avatar } from "../../../parts/avatar.tsx";
import { HashIcon, LockIcon, MegaphoneIcon } from "../../../parts/icons.tsx";

/** What kind of room it is: a face for conversations, a sign for the others. The words stand beside it. */
export function KindIcon({ room }: { room: Pick<RoomSummary, "id" | "kind" | "title"> }) {
  if (room.kind === "direct") return <Avatar id={room.title} name={room.title} />;
  return (
    <span className="kind-icon" aria-hidden="true">
      {room.kind === "announcement" && <MegaphoneIcon />}
      {room.kind === "closed" && <LockIcon />}
      {room.kind === "open" && <HashIcon />}
    </span>
  );
}
