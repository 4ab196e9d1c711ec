import { useEffect, useState } from "react";
import { loadSeenBy } from "../../../api/message-acts.ts";
import { CheckIcon } from "../../../parts/icons.tsx";
import type { Line } from "./lines.ts";
import { useOpenRoom } from "./room-context.ts";

const SMALL_ROOM = 50;
const NAMES = 3;

/** Under one's own last message of a small room: who has read it. */
export function SeenBy({ lines }: { lines: readonly Line[] }) {
  const { room, person } = useOpenRoom();
  const last = lines.findLast(({ state }) => state === "stored");
  const mine = last?.senderId === person.id && !last.removed ? last : undefined;
  const names = useSeenBy(mine);
  if (!mine || room.memberCount > SMALL_ROOM || room.memberCount < 2) return null;
  const everybody = names.length >= room.memberCount - 1;
  return (
    <p className="seen-by" role="status" data-testid="seen-by">
      <CheckIcon />
      {names.length === 0 && "Sent"}
      {names.length > 0 && `Seen by ${everybody && names.length > 1 ? "everybody" : sayNames(names)}`}
    </p>
  );
}

/** The names of those who have read the message; asked again whenever somebody reads on. */
function useSeenBy(line: Line | undefined): string[] {
  const { conversation } = useOpenRoom();
  const id = line?.id;
  const seq = line?.seq ?? 0;
  const [seen, setSeen] = useState<{ id: string | undefined; names: string[] }>({ id: undefined, names: [] });
  useEffect(() => {
    if (!id) return;
    let over = false;
    const ask = () => {
      loadSeenBy(id).then(
        (people) => !over && setSeen({ id, names: people.map(({ name }) => name) }),
        () => {}, // the next reader brings another try
      );
    };
    ask();
    const stop = conversation.onRead((upTo) => upTo >= seq && ask());
    return () => {
      over = true;
      stop();
    };
  }, [conversation, id, seq]);
  return seen.id === id ? seen.names : [];
}

function sayNames(names: string[]): string {
  const shown = names.slice(0, NAMES);
  const more = names.length - shown.length;
  return more > 0 ? `${shown.join(", ")} and ${more} more` : shown.join(", ");
}
