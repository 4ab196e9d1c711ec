import type { StoredMessage } from "../../../api/messages.ts";
import { Avatar } from "../../../parts/avatar.tsx";
import { shortMoment } from "../../../parts/moments.ts";
import { plainWords } from "./mentions.ts";
import { useOpenRoom } from "./room-context.ts";

/** A message in a list beside the conversation; opens its place there. */
export function FoundMessage({ message, onJump }: { message: StoredMessage; onJump: () => void }) {
  const { conversation } = useOpenRoom();
  const jump = () => {
    onJump();
    void conversation.jumpTo(message.seq);
  };
  return (
    <li>
      <button type="button" className="found-message" data-testid="found-message" onClick={jump}>
        <Avatar id={message.senderId} name={message.senderName} />
        <span className="found-words">
          <span className="found-top">
            <strong>{message.senderName}</strong>
            <time dateTime={message.createdAt}>{shortMoment(message.createdAt)}</time>
          </span>
          <span className="found-body">{plainWords(message.body)}</span>
        </span>
      </button>
    </li>
  );
}
