import type { Quote } from "../../../api/messages.ts";
import { Composer } from "./composer.tsx";
import type { Line } from "./lines.ts";
import { useOpenRoom } from "./room-context.ts";
import { useWait } from "./use-wait.ts";

type WritingPlaceProps = {
  replyTo: Quote | null;
  editing: Line | null;
  onSend: (body: string) => void;
  onTyping: () => void;
  onCancel: () => void;
  onEditLast: () => void;
};

/** The composer; or, where one only reads, a word that says why. */
export function WritingPlace({ onSend, ...props }: WritingPlaceProps) {
  const { room } = useOpenRoom();
  const { wait, sent } = useWait(room);
  if (!room.standing?.mayWrite) return <p className="read-only">{WHY[room.kind] ?? WHY.open}</p>;
  const send = (body: string) => {
    if (!props.editing) sent();
    onSend(body);
  };
  return (
    <>
      {room.slowModeSeconds > 0 && !room.standing.mayModerate && (
        <p className="slow-note">Slow mode: one message every {room.slowModeSeconds} seconds.</p>
      )}
      <Composer {...props} wait={wait} onSend={send} />
    </>
  );
}

const WHY: Record<string, string> = {
  announcement: "Only staff writes here. You can react to what is said.",
  direct: "This community does not let these people write to each other directly.",
  open: "This group is archived: it can be read, and nothing be said in it.",
};
