import type { RoomSummary } from "../../../api/rooms.ts";
import { useSession } from "../../../api/session.ts";
import { Avatar } from "../../../parts/avatar.tsx";
import { HashIcon, LockIcon, MegaphoneIcon } from "../../../parts/icons.tsx";

/** What kind of room it is: a face for conversations, a sign for the others. The words stand beside it. */
export function KindIcon({ room }: { room: Pick<RoomSummary, "kind" | "title" | "faceIds"> }) {
  const { person } = useSession();
  const face = room.faceIds.find((id) => id !== person?.id) ?? room.title;
  if (room.kind === "direct") return <Avatar id={face} name={room.title} />;
  return (
    <span className="kind-icon" aria-hidden="true">
      {room.kind === "announcement" && <MegaphoneIcon />}
      {room.kind === "closed" && <LockIcon />}
      {room.kind === "open" && <HashIcon />}
    </span>
  );
}
