import { useCallback, useEffect, useRef, useState } from "react";
import type { ConnectionState } from "../../../api/connection.ts";
import { RoomConnection, type RoomEvents } from "../../../api/room-connection.ts";
import type { Person } from "../../../api/session.ts";

type Heard = Pick<RoomEvents, "heard" | "typing"> & { live(): void };

const IDLE_MS = 2 * 60_000;

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
        heard: (event, payload) => latest.current.heard(event, payload),
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
  useIdleness(useCallback((idle) => connection.current?.be(idle ? "idle" : "active"), []));

  const sendTyping = useCallback(() => connection.current?.sendTyping(), []);
  return { state, online, sendTyping };
}

/** Two minutes with the window out of sight, or without a touch, are idle. */
function useIdleness(tell: (idle: boolean) => void) {
  useEffect(() => {
    let timer = setTimeout(() => tell(true), IDLE_MS);
    const stir = () => {
      if (document.visibilityState === "hidden") return;
      clearTimeout(timer);
      tell(false);
      timer = setTimeout(() => tell(true), IDLE_MS);
    };
    const signs = ["pointermove", "keydown", "scroll", "visibilitychange"];
    for (const sign of signs) document.addEventListener(sign, stir, { capture: true, passive: true });
    return () => {
      clearTimeout(timer);
      for (const sign of signs) document.removeEventListener(sign, stir, { capture: true });
    };
  }, [tell]);
}
