import "../styles/rooms.css";
import "../styles/room.css";
import "../styles/messages.css";
import "../styles/composer.css";
import { Redirect } from "../parts/router.tsx";
import type { Screen, ScreenProps } from "../parts/screen.ts";
import { TWO_PANES, useWide } from "../parts/use-wide.ts";
import { RoomList } from "./rooms/list/room-list.tsx";
import { callsIn, useRooms } from "./rooms/list/rooms-store.ts";
import { UnreadBadge } from "./rooms/list/unread-badge.tsx";
import { RoomPane } from "./rooms/room/room-pane.tsx";

export default {
  path: /^\/(rooms\/(?<roomId>[^/]+)\/?)?$/,
  View: RoomsScreen,
  nav: {
    label: "Rooms",
    href: "/",
    order: 10,
    covers: (path) => path === "/" || path.startsWith("/rooms/"),
    Badge: UnreadBadge,
  },
} satisfies Screen;

/** The rooms beside the open one on wide screens; one or the other on a phone. */
function RoomsScreen({ person, params: { roomId } }: ScreenProps) {
  const { rooms, problem, reload } = useRooms(person.id);
  const wide = useWide(TWO_PANES);
  const first = rooms?.find(({ standing }) => standing);
  const calls = rooms ? callsIn(rooms) : 0;
  const known = rooms?.find(({ id }) => id === roomId);
  return (
    <div className={`rooms ${roomId ? "in-room" : "in-list"}`}>
      <title>{`${calls > 0 ? `(${calls}) ` : ""}${known?.title ?? "Rooms"} · Howdah`}</title>
      {!roomId && wide && first && <Redirect to={`/rooms/${first.id}`} />}
      <RoomList rooms={rooms} problem={problem} reload={reload} roomId={roomId} person={person} />
      <main className="room-pane">{roomId && <RoomPane key={roomId} roomId={roomId} person={person} />}</main>
    </div>
  );
}
