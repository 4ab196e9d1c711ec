import type { ConnectionState } from "../../api/room-connection.ts";
import type { Room } from "../../api/rooms.ts";
import { BackIcon, PeopleIcon } from "../../parts/icons.tsx";
import { Link } from "../../parts/router.tsx";

type RoomHeaderProps = {
  room: Room;
  state: ConnectionState;
  online: number;
  showMembers: boolean;
  onToggle: () => void;
};

export function RoomHeader({ room, state, online, showMembers, onToggle }: RoomHeaderProps) {
  return (
    <header className="room-header">
      <Link href="/" className="icon-button back" aria-label="Back to classes">
        <BackIcon />
      </Link>
      <div className="room-names">
        <h1 data-testid="room-title">{room.groupName}</h1>
        {room.name !== room.groupName && <p>{room.name}</p>}
      </div>
      <ConnectionChip state={state} />
      <button type="button" className="online-button" aria-pressed={showMembers} onClick={onToggle}>
        <PeopleIcon />
        <span data-testid="online-count">{online} online</span>
      </button>
    </header>
  );
}

const WORDS: Record<ConnectionState, string> = {
  connecting: "Connecting…",
  live: "Live",
  reconnecting: "Reconnecting…",
};

function ConnectionChip({ state }: { state: ConnectionState }) {
  return (
    <span className="connection" role="status" data-testid="connection" data-state={state}>
      <span className="dot" aria-hidden="true" />
      <span className="connection-word">{WORDS[state]}</span>
    </span>
  );
}
