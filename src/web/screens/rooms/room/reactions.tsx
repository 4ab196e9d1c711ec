import { react } from "../../../api/message-acts.ts";
import type { Line } from "./lines.ts";
import { useOpenRoom } from "./room-context.ts";

export function Reactions({ line, active }: { line: Line; active: boolean }) {
  const toggle = useReact(line);
  return (
    <div className="reactions">
      {line.reactions.map(({ emoji, count, mine }) => (
        <button
          key={emoji}
          type="button"
          className="reaction"
          data-testid="reaction"
          tabIndex={active ? 0 : -1}
          aria-pressed={mine}
          aria-label={`${emoji}, ${count} ${count === 1 ? "person" : "people"}`}
          title={mine ? "Take it back" : "React with it too"}
          onClick={() => toggle(emoji)}
        >
          <span aria-hidden="true">{emoji}</span> {count}
        </button>
      ))}
    </div>
  );
}

/** Puts an emoji to the message, or takes it back when it is there already; shown before the server has answered. */
export function useReact(line: Line): (emoji: string) => void {
  const { conversation, person, fail } = useOpenRoom();
  return (emoji) => {
    const { id: messageId } = line;
    if (!messageId) return;
    const before = line.reactions.find((reaction) => reaction.emoji === emoji);
    const on = !before?.mine;
    const count = (before?.count ?? 0) + (on ? 1 : -1);
    conversation.hear("reaction", { messageId, emoji, personId: person.id, added: on, count });
    react(messageId, emoji, on).catch((error: unknown) => {
      void conversation.refresh(messageId);
      fail(error);
    });
  };
}
