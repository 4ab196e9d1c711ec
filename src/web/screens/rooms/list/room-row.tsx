import type { RoomSummary } from "../../../api/rooms.ts";
import { MutedIcon } from "../../../parts/icons.tsx";
import { Link } from "../../../parts/router.tsx";
import { plainWords } from "../room/mentions.ts";
import { KindIcon } from "./kind-icon.tsx";
import { sayWhen } from "./moments.ts";
import { isMuted } from "./rooms-store.ts";

type RoomRowProps = { room: RoomSummary; open: boolean; personId: string };

export function RoomRow({ room, open, personId }: RoomRowProps) {
  const { id, title, standing, lastMessageAt } = room;
  const muted = standing !== null && isMuted(standing);
  const unread = standing && !muted && standing.unread > 0;
  return (
    <li className={unread ? "unread" : undefined}>
      <Link
        href={`/rooms/${id}`}
        className="room-row"
        data-testid="room"
        data-room-id={id}
        aria-current={open ? "page" : undefined}
      >
        <KindIcon room={room} />
        <span className="room-row-words">
          <span className="room-row-top">
            <strong>{title}</strong>
            {muted && <MutedIcon />}
            {lastMessageAt && <time dateTime={lastMessageAt}>{sayWhen(lastMessageAt)}</time>}
          </span>
          <span className="room-row-bottom">
            <span className="room-row-last">{lastWords(room, personId)}</span>
            {standing && <Counts room={room} muted={muted} />}
          </span>
        </span>
      </Link>
    </li>
  );
}

function Counts({ room: { standing, kind }, muted }: { room: RoomSummary; muted: boolean }) {
  const { unread = 0, mentions = 0 } = standing ?? {};
  if (unread === 0) return muted ? <span className="visually-hidden">muted</span> : null;
  const calls = !muted && (mentions > 0 || kind === "direct");
  return (
    <span className={`counts ${calls ? "calling" : ""}`} data-testid="unread">
      {mentions > 0 && kind !== "direct" && <span aria-hidden="true">@</span>}
      <span aria-hidden="true">{unread > 99 ? "99+" : unread}</span>
      <span className="visually-hidden">{words(unread, mentions, muted)}</span>
    </span>
  );
}

function words(unread: number, mentions: number, muted: boolean): string {
  const facts = [`${unread} unread`];
  if (mentions > 0) facts.push(mentions === 1 ? "one mentions you" : `${mentions} mention you`);
  if (muted) facts.push("muted");
  return facts.join(", ");
}

function lastWords({ lastMessage, kind, groupName, title }: RoomSummary, personId: string): string {
  if (!lastMessage) return groupName && groupName !== title ? groupName : "Nothing said yet";
  if (lastMessage.removed) return "A message that is gone";
  const words = plainWords(lastMessage.body).replace(/\s+/g, " ");
  if (lastMessage.senderId === personId) return `You: ${words}`;
  return kind === "direct" ? words : `${lastMessage.senderName.split(" ")[0]}: ${words}`;
}
