import { useState } from "react";
import { joinRoom } from "../../../api/room-acts.ts";
import type { RoomSummary } from "../../../api/rooms.ts";
import type { Person } from "../../../api/session.ts";
import { PlusIcon } from "../../../parts/icons.tsx";
import { Notice } from "../../../parts/notice.tsx";
import { navigate } from "../../../parts/router.tsx";
import { useAct } from "../../../parts/use-act.ts";
import { KindIcon } from "./kind-icon.tsx";
import { NewConversation } from "./new-conversation.tsx";
import { RoomRow } from "./room-row.tsx";
import { roomsOf } from "./rooms-store.ts";

type RoomListProps = {
  rooms: readonly RoomSummary[] | null;
  problem: string;
  reload: () => void;
  roomId: string | undefined;
  person: Person;
};

export function RoomList({ rooms, problem, reload, roomId, person }: RoomListProps) {
  const [making, setMaking] = useState(false);
  const Title = roomId ? "h2" : "h1"; // the open room has the first heading
  return (
    <aside className="room-list" aria-label="Rooms">
      <header>
        <Title className="list-title">Rooms</Title>
        <button
          type="button"
          className="icon-button"
          aria-label="New conversation or room"
          title="New conversation or room"
          onClick={() => setMaking(true)}
        >
          <PlusIcon />
        </button>
      </header>
      {rooms && <Sections rooms={rooms} roomId={roomId} person={person} />}
      {!rooms && !problem && <Notice busy>Loading your rooms…</Notice>}
      {!rooms && problem && <Notice action={{ label: "Try again", run: reload }}>{problem}</Notice>}
      {making && <NewConversation person={person} onClose={() => setMaking(false)} />}
    </aside>
  );
}

type SectionsProps = { rooms: readonly RoomSummary[]; roomId: string | undefined; person: Person };

function Sections({ rooms, roomId, person }: SectionsProps) {
  const Subtitle = roomId ? "h3" : "h2";
  const mine = rooms.filter(({ standing }) => standing);
  const open = rooms.filter(({ standing, kind }) => !standing && kind === "open");
  const sections = [
    { title: "Groups", rooms: mine.filter(({ kind }) => kind !== "direct") },
    { title: "Direct conversations", rooms: mine.filter(({ kind }) => kind === "direct") },
  ].filter(({ rooms }) => rooms.length > 0);
  if (rooms.length === 0) {
    return <Notice title="No rooms yet">When somebody invites you to a group, its rooms appear here.</Notice>;
  }
  return (
    <>
      {sections.map(({ title, rooms }) => (
        <section key={title}>
          <Subtitle>{title}</Subtitle>
          <ul>
            {rooms.map((room) => (
              <RoomRow key={room.id} room={room} open={room.id === roomId} personId={person.id} />
            ))}
          </ul>
        </section>
      ))}
      {open.length > 0 && (
        <section>
          <Subtitle>Open to join</Subtitle>
          <ul>
            {open.map((room) => (
              <OpenRow key={room.id} room={room} personId={person.id} />
            ))}
          </ul>
        </section>
      )}
    </>
  );
}

function OpenRow({ room, personId }: { room: RoomSummary; personId: string }) {
  const { busy, problem, run } = useAct();
  const join = async () => {
    const joined = await run(async () => {
      await joinRoom(room.id);
      await roomsOf(personId).reload();
    });
    if (joined) navigate(`/rooms/${room.id}`);
  };
  return (
    <li className="open-row">
      <KindIcon room={room} />
      <span className="room-row-words">
        <strong>{room.title}</strong>
        <span className="room-row-last" role="status">
          {problem || room.groupName}
        </span>
      </span>
      <button type="button" className="button small" disabled={busy} onClick={join}>
        Join<span className="visually-hidden"> {room.title}</span>
      </button>
    </li>
  );
}
