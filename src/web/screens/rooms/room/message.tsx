import { memo } from "react";
import { Avatar } from "../../parts/avatar.tsx";
import { Prose } from "../../parts/prose.tsx";
import type { Conversation } from "./conversation.ts";
import type { Line } from "./lines.ts";
import { dayOf, sayTime } from "./moments.ts";

type MessageProps = {
  line: Line;
  before: Line | undefined;
  after: Line | undefined;
  own: boolean;
  conversation: Conversation;
};

const TOGETHER_MS = 5 * 60_000;

export const Message = memo(function Message({ line, before, after, own, conversation }: MessageProps) {
  const follows = before !== undefined && continues(line, before);
  const ends = after === undefined || !continues(after, line);
  const classes = ["message", own && "own", follows && "follows", line.state].filter(Boolean).join(" ");
  return (
    <li className={classes} data-testid="message" data-seq={line.seq} data-client-id={line.clientId}>
      {!own && !follows && <Avatar id={line.senderId} name={line.senderName} />}
      <div className="message-content">
        <p className={`message-sender ${follows || own ? "visually-hidden" : ""}`}>{line.senderName}</p>
        <div className="bubble">
          <Prose text={line.body} />
        </div>
        <Foot line={line} ends={ends} conversation={conversation} />
      </div>
    </li>
  );
});

type FootProps = { line: Line; ends: boolean; conversation: Conversation };

/** The time once for messages that belong together; what failed always says so. */
function Foot({ line, ends, conversation }: FootProps) {
  if (line.state === "waiting" || line.state === "refused")
    return <Failed line={line} conversation={conversation} />;
  if (!ends)
    return (
      <time className="visually-hidden" dateTime={line.createdAt}>
        {sayTime(line.createdAt)}
      </time>
    );
  if (line.state === "stored") {
    return (
      <time className="message-foot" dateTime={line.createdAt}>
        {sayTime(line.createdAt)}
      </time>
    );
  }
  return <p className="message-foot">Sending…</p>;
}

function Failed({ line, conversation }: Omit<FootProps, "ends">) {
  return (
    <p className="message-foot failed" role="alert">
      <span>
        {line.state === "waiting"
          ? "Not sent yet: it goes out when Howdah can be reached."
          : `Not sent. ${line.problem}`}
      </span>
      <button type="button" className="link-button" onClick={() => conversation.retry(line)}>
        Try again
      </button>
      <button type="button" className="link-button" onClick={() => conversation.discard(line)}>
        Remove
      </button>
    </p>
  );
}

function continues(line: Line, before: Line): boolean {
  const near = Date.parse(line.createdAt) - Date.parse(before.createdAt) < TOGETHER_MS;
  return near && line.senderId === before.senderId && dayOf(line.createdAt) === dayOf(before.createdAt);
}
