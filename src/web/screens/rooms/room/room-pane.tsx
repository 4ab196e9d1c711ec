import { useCallback } from "react";
import { joinRoom } from "../../../api/room-acts.ts";
import { loadRoom, type Room } from "../../../api/rooms.ts";
import type { Person } from "../../../api/session.ts";
import { Notice } from "../../../parts/notice.tsx";
import { navigate } from "../../../parts/router.tsx";
import { useAct } from "../../../parts/use-act.ts";
import { useLoad } from "../../../parts/use-load.ts";
import { roomsOf } from "../list/rooms-store.ts";
import { OpenedRoom } from "./opened-room.tsx";

export function RoomPane({ roomId, person }: { roomId: string; person: Person }) {
  const load = useCallback(() => loadRoom(roomId), [roomId]);
  const { data: room, problem, reload } = useLoad(load);
  if (room?.standing) return <OpenedRoom room={room} person={person} reload={reload} />;
  if (room) return <ClosedDoor room={room} person={person} reload={reload} />;
  if (!problem) return <Notice busy>Opening the room…</Notice>;
  return (
    <Notice
      title="This room cannot be opened"
      action={{ label: "Back to my rooms", run: () => navigate("/") }}
    >
      {problem}
    </Notice>
  );
}

type ClosedDoorProps = { room: Room; person: Person; reload: () => void };

/** A room that one may know of but is not in. */
function ClosedDoor({ room, person, reload }: ClosedDoorProps) {
  const { problem, run } = useAct();
  const join = () =>
    void run(async () => {
      await joinRoom(room.id);
      void roomsOf(person.id).reload();
      reload();
    });
  if (room.kind !== "open") return <Notice title={room.title}>You are not in this room.</Notice>;
  return (
    <Notice title={room.title} action={{ label: "Join the room", run: join }}>
      {problem || "Join to read what is said here and to take part."}
    </Notice>
  );
}
