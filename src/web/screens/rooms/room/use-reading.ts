import { useEffect, useRef, useState } from "react";
import { markRead } from "../../../api/room-acts.ts";
import type { Room } from "../../../api/rooms.ts";
import { roomsOf } from "../list/rooms-store.ts";
import type { ConversationView } from "./conversation.ts";
import { firstSeq, lastSeq } from "./lines.ts";

const EVERY_MS = 1_000;

export type Reading = {
  /** The first message that was new when the room was opened, or when the reader came back to it. */
  newFrom: number | null;
  newCount: number;
};

/** Moves the read marker while the newest message is in view of somebody who looks; remembers where the new ones began. */
export function useReading(room: Room, personId: string, view: ConversationView, inView: boolean): Reading {
  const looking = useLooking();
  const newest = lastSeq(view.lines);
  const told = useRef(room.standing?.lastReadSeq ?? 0);
  const toldAt = useRef(0);
  const [marker, setMarker] = useState(() => ({ read: told.current, upTo: room.lastSeq }));
  const [wasLooking, setWasLooking] = useState(looking);

  // What comes while nobody looks is new when somebody looks again.
  if (wasLooking !== looking) {
    setWasLooking(looking);
    if (!looking) setMarker({ read: Math.max(marker.read, newest), upTo: Infinity });
  }

  const seen = looking && inView && view.phase === "ready" && !view.hasNewer;
  useEffect(() => {
    if (!seen || newest <= told.current || !room.standing) return;
    const tell = () => {
      told.current = newest;
      toldAt.current = Date.now();
      roomsOf(personId).patch(room.id, { unread: 0, mentions: 0, lastReadSeq: newest });
      markRead(room.id, newest).catch(() => {
        told.current = 0; // told again with the next message
      });
    };
    const pause = toldAt.current + EVERY_MS - Date.now();
    if (pause <= 0) return tell();
    const timer = setTimeout(tell, pause);
    return () => clearTimeout(timer);
  }, [seen, newest, room.id, room.standing, personId]);

  const upTo = Math.min(marker.upTo, Math.max(newest, room.lastSeq));
  const reachesBack = firstSeq(view.lines) <= marker.read + 1;
  const fresh = view.lines.find(
    ({ seq, senderId }) => seq && seq > marker.read && seq <= upTo && senderId !== personId,
  );
  const count = Math.max(0, upTo - marker.read);
  return { newFrom: count > 0 ? (reachesBack && fresh?.seq) || marker.read + 1 : null, newCount: count };
}

/** Whether this window is the one the person looks at. */
function useLooking(): boolean {
  const now = () => document.visibilityState === "visible" && document.hasFocus();
  const [looking, setLooking] = useState(now);
  useEffect(() => {
    const check = () => setLooking(now());
    const events = ["focus", "blur", "visibilitychange"] as const;
    for (const event of events) window.addEventListener(event, check, true);
    document.addEventListener("visibilitychange", check);
    return () => {
      for (const event of events) window.removeEventListener(event, check, true);
      document.removeEventListener("visibilitychange", check);
    };
  });
  return looking;
}
