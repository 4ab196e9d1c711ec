import type { ConnectionState } from "../../../api/connection.ts";
import type { Room } from "../../../api/rooms.ts";
import { BackIcon, PeopleIcon, SearchIcon } from "../../../parts/icons.tsx";
import { plural } from "../../../parts/plural.ts";
import { Link } from "../../../parts/router.tsx";
import { KindIcon } from "../list/kind-icon.tsx";
import { useOpenRoom } from "./room-context.ts";
import { RoomMenu } from "./room-menu.tsx";

export type Panel = "members" | "search" | "pinned" | "moderation";

type RoomHeaderProps = {
  state: ConnectionState;
  online: number;
  panel: Panel | null;
  onPanel: (panel: Panel | null) => void;
  onChanged: () => void;
};

export function RoomHeader({ state, online, panel, onPanel, onChanged }: RoomHeaderProps) {
  const { room } = useOpenRoom();
  const toggle = (which: Panel) => () => onPanel(panel === which ? null : which);
  return (
    <header className="room-header">
      <Link href="/" className="icon-button back" aria-label="Back to rooms">
        <BackIcon />
      </Link>
      <KindIcon room={room} />
      <div className="room-names">
        <h1 data-testid="room-title">{room.title}</h1>
        <p>{about(room)}</p>
      </div>
      <ConnectionChip state={state} />
      <button
        type="button"
        className="icon-button"
        aria-label="Search in this room"
        title="Search in this room"
        aria-pressed={panel === "search"}
        onClick={toggle("search")}
      >
        <SearchIcon />
      </button>
      <button
        type="button"
        className="online-button"
        aria-pressed={panel === "members"}
        title="Who is here"
        onClick={toggle("members")}
      >
        <PeopleIcon />
        <span data-testid="online-count">
          {online}
          <span className="online-word"> online</span>
        </span>
      </button>
      <RoomMenu onPanel={onPanel} onChanged={onChanged} />
    </header>
  );
}

function about({ kind, title, groupName, memberCount, slowModeSeconds, standing }: Room): string {
  const people = plural(memberCount, "person", "people");
  const facts = [kind === "direct" ? "Direct conversation" : groupName !== title && groupName, people];
  if (kind === "announcement") facts.push("announcements");
  if (slowModeSeconds > 0) facts.push(`slow mode, ${slowModeSeconds} s`);
  if (standing?.involvement === "nothing" || standing?.mutedUntil) facts.push("muted");
  return facts.filter(Boolean).join(" · ");
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
