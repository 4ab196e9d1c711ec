import { loadRooms, type RoomSummary } from "../api/rooms.ts";
import { Notice } from "../parts/notice.tsx";
import { Link, Redirect } from "../parts/router.tsx";
import type { Screen, ScreenProps } from "../parts/screen.ts";
import { useLoad } from "../parts/use-load.ts";
import { TWO_PANES, useWide } from "../parts/use-wide.ts";
import { RoomScreen } from "./room.tsx";

export default {
  path: /^\/(rooms\/(?<roomId>[^/]+)\/?)?$/,
  View: ClassesScreen,
  nav: {
    label: "Classes",
    href: "/",
    order: 10,
    covers: (path) => path === "/" || path.startsWith("/rooms/"),
  },
} satisfies Screen;

/** The classes beside the open room on wide screens; one or the other on a phone. */
function ClassesScreen({ person, params: { roomId } }: ScreenProps) {
  const { data: rooms, problem, reload } = useLoad(loadRooms);
  const wide = useWide(TWO_PANES);
  const first = rooms?.[0];
  if (!roomId && wide && first) return <Redirect to={`/rooms/${first.id}`} />;
  return (
    <div className={`classes ${roomId ? "in-room" : "in-list"}`}>
      <aside className="class-list" aria-label="Classes">
        <h1>Classes</h1>
        {rooms && <RoomLinks rooms={rooms} roomId={roomId} />}
        {!rooms && !problem && <Notice busy>Loading your classes…</Notice>}
        {!rooms && problem && <Notice action={{ label: "Try again", run: reload }}>{problem}</Notice>}
      </aside>
      <main className="room-pane">
        {roomId && <RoomScreen key={roomId} roomId={roomId} person={person} />}
        {!roomId && <title>Classes · Howdah</title>}
      </main>
    </div>
  );
}

function RoomLinks({ rooms, roomId }: { rooms: RoomSummary[]; roomId: string | undefined }) {
  if (rooms.length === 0) {
    return <Notice title="No classes yet">When a teacher invites you to a class, it appears here.</Notice>;
  }
  return (
    <ul>
      {rooms.map(({ id, name, groupName }) => (
        <li key={id}>
          <Link href={`/rooms/${id}`} aria-current={id === roomId ? "page" : undefined}>
            <strong>{groupName}</strong>
            {name !== groupName && <span>{name}</span>}
          </Link>
        </li>
      ))}
    </ul>
  );
}
