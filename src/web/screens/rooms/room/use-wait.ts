import { useEffect, useState } from "react";
import type { Room } from "../../../api/rooms.ts";

/** The seconds that slow mode still asks this person to wait, counted down; `sent` starts them anew. */
export function useWait({ slowModeSeconds, standing }: Room): { wait: number; sent: () => void } {
  const asked = standing?.waitSeconds ?? 0;
  const [until, setUntil] = useState(() => Date.now() + asked * 1_000);
  const [now, setNow] = useState(Date.now);
  const [heard, setHeard] = useState(standing);
  if (heard !== standing) {
    setHeard(standing);
    setUntil(Date.now() + asked * 1_000);
    setNow(Date.now());
  }
  const wait = Math.max(0, Math.ceil((until - now) / 1_000));

  useEffect(() => {
    if (until <= Date.now()) return;
    const timer = setInterval(() => {
      setNow(Date.now());
      if (Date.now() >= until) clearInterval(timer);
    }, 250);
    return () => clearInterval(timer);
  }, [until]);

  const slow = slowModeSeconds > 0 && !standing?.mayModerate;
  const sent = () => {
    if (!slow) return;
    setUntil(Date.now() + slowModeSeconds * 1_000);
    setNow(Date.now());
  };
  return { wait: slow ? wait : 0, sent };
}
