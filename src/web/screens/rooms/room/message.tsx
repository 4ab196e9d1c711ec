import { memo } from "react";
import { Avatar } from "../../../parts/avatar.tsx";
import { Body } from "./body.tsx";
import { keyOf, type Line } from "./lines.ts";
import { plainWords } from "./mentions.ts";
import { MessageFoot } from "./message-foot.tsx";
import { MessageTools } from "./message-tools.tsx";
import { dayOf } from "./moments.ts";
import { Reactions } from "./reactions.tsx";
import { useOpenRoom } from "./room-context.ts";

type MessageProps = {
  line: Line;
  before: Line | undefined;
  after: Line | undefined;
  /** Its tools are shown: it is under the pointer or has the focus. */
  active: boolean;
  found: boolean;
};

const TOGETHER_MS = 5 * 60_000;

export const Message = memo(function Message({ line, before, after, active, found }: MessageProps) {
  const { person } = useOpenRoom();
  const own = line.senderId === person.id;
  const follows = before !== undefined && continues(line, before);
  const ends = after === undefined || !continues(after, line);
  const calls = !own && (line.mentionsRoom || line.mentionIds.includes(person.id));
  const classes = [
    "message",
    own && "own",
    follows && "follows",
    calls && "calls",
    found && "found",
    line.state,
  ];
  return (
    <li
      className={classes.filter(Boolean).join(" ")}
      data-testid="message"
      data-key={keyOf(line)}
      data-seq={line.seq}
      data-client-id={line.clientId}
      tabIndex={-1}
    >
      {!own && !follows && <Avatar id={line.senderId} name={line.senderName} />}
      <div className="message-content">
        <p className={`message-sender ${follows || own ? "visually-hidden" : ""}`}>{line.senderName}</p>
        <div className="bubble-frame">
          <Bubble line={line} active={active} />
          {active && line.state === "stored" && <MessageTools line={line} own={own} />}
        </div>
        {line.reactions.length > 0 && !line.removed && <Reactions line={line} active={active} />}
        <MessageFoot line={line} ends={ends} />
      </div>
    </li>
  );
});

function Bubble({ line, active }: { line: Line; active: boolean }) {
  const { person } = useOpenRoom();
  if (line.removed) {
    const words =
      line.removed === "deleted" ? "This message was deleted." : "This message was hidden by staff.";
    return <div className="bubble tombstone">{words}</div>;
  }
  return (
    <div className="bubble">
      {line.replyTo && <QuoteButton line={line} active={active} />}
      <Body text={line.body} personId={person.id} />
    </div>
  );
}

function QuoteButton({ line: { replyTo }, active }: { line: Line; active: boolean }) {
  const { conversation } = useOpenRoom();
  if (!replyTo) return null;
  return (
    <button
      type="button"
      className="quote"
      tabIndex={active ? 0 : -1}
      aria-label={`In reply to ${replyTo.senderName}: ${wordsOf(replyTo)}`}
      onClick={() => void conversation.jumpTo(replyTo.seq)}
    >
      <strong>{replyTo.senderName}</strong>
      <span>{wordsOf(replyTo)}</span>
    </button>
  );
}

function wordsOf({ body, removed }: NonNullable<Line["replyTo"]>): string {
  return removed ? "A message that is gone" : plainWords(body);
}

function continues(line: Line, before: Line): boolean {
  const near = Date.parse(line.createdAt) - Date.parse(before.createdAt) < TOGETHER_MS;
  return near && line.senderId === before.senderId && dayOf(line.createdAt) === dayOf(before.createdAt);
}
