import { useEffect, useState } from "react";
import { type Arrival, loadArrival } from "../../../api/message-acts.ts";
import { CheckIcon } from "../../../parts/icons.tsx";
import type { Line } from "./lines.ts";
import { useOpenRoom } from "./room-context.ts";

const SMALL_ROOM = 50;
const NAMES = 3;

/** Under one's own last message of a small room: whether it has reached somebody, and who has read it. */
export function SeenBy({ lines }: { lines: readonly Line[] }) {
  const { room, person } = useOpenRoom();
  const last = lines.findLast(({ state }) => state === "stored");
  const mine = last?.senderId === person.id && !last.removed ? last : undefined;
  const { delivered, seenBy } = useArrival(mine);
  if (!mine || room.memberCount > SMALL_ROOM || room.memberCount < 2) return null;
  const names = seenBy.map(({ name }) => name);
  const everybody = names.length >= room.memberCount - 1;
  return (
    <p className="seen-by" role="status" data-testid="seen-by">
      <CheckIcon />
      {names.length === 0 && (delivered ? "Delivered" : "Sent")}
      {names.length > 0 && `Seen by ${everybody && names.length > 1 ? "everybody" : sayNames(names)}`}
    </p>
  );
}

const NOWHERE: Arrival = { delivered: false, seenBy: [] };

/** How far the message has come; asked again whenever messages have reached somebody, or were read. */
function useArrival(line: Line | undefined): Arrival {
  const { conversation } = useOpenRoom();
  const id = line?.id;
  const seq = line?.seq ?? 0;
  const [known, setKnown] = useState<{ id: string | undefined; arrival: Arrival }>();
  useEffect(() => {
    if (!id) return;
    let over = false;
    let delivered = false;
    const ask = () => {
      loadArrival(id).then(
        (arrival) => {
          if (over) return;
          delivered = arrival.delivered || arrival.seenBy.length > 0;
          setKnown({ id, arrival });
        },
        () => {}, // the next reader brings another try
      );
    };
    ask();
    const stop = conversation.onArrival((upTo, read) => upTo >= seq && (read || !delivered) && ask());
    return () => {
      over = true;
      stop();
    };
  }, [conversation, id, seq]);
  return known && known.id === id ? known.arrival : NOWHERE;
}

function sayNames(names: string[]): string {
  const shown = names.slice(0, NAMES);
  const more = names.length - shown.length;
  return more > 0 ? `${shown.join(", ")} and ${more} more` : shown.join(", ");
}
