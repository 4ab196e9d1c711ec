import { useCallback, useEffect, useRef, useState } from "react";
import { type ConnectionState, RoomConnection, type RoomEvents } from "../../api/room-connection.ts";
import type { Person } from "../../api/session.ts";

type Heard = Pick<RoomEvents, "message" | "typing"> & { live(): void };

/** Keeps the room's live channel open while the screen is shown. */
export function useRoomConnection(roomId: string, { id, name }: Person, heard: Heard) {
  const [state, setState] = useState<ConnectionState>("connecting");
  const [online, setOnline] = useState<ReadonlySet<string>>(new Set());
  const connection = useRef<RoomConnection | null>(null);
  const latest = useRef(heard);
  useEffect(() => {
    latest.current = heard;
  });

  useEffect(() => {
    const opened = new RoomConnection(
      roomId,
      { id, name },
      {
        message: (message) => latest.current.message(message),
        typing: (personId, name) => latest.current.typing(personId, name),
        online: (ids) => setOnline(new Set(ids)),
        state: (state) => {
          setState(state);
          if (state === "live") latest.current.live();
        },
      },
    );
    connection.current = opened;
    return () => opened.close();
  }, [roomId, id, name]);

  const sendTyping = useCallback(() => connection.current?.sendTyping(), []);
  return { state, online, sendTyping };
}
