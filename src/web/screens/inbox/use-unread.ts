import { useEffect, useState } from "react";
import { usePersonEvents } from "../../parts/use-person-events.ts";
import { countUnread } from "./api.ts";

/** How many notifications are unread, as the server tells it; null until it is known. */
export function useUnread(personId: string): number | null {
  const [count, setCount] = useState<number | null>(null);
  const ask = () => void countUnread().then(setCount, () => {});
  // biome-ignore lint/correctness/useExhaustiveDependencies: asks anew for another person only
  useEffect(ask, [personId]);
  usePersonEvents(personId, (event, payload) => {
    if (event === "unread-notifications" && typeof payload.count === "number") setCount(payload.count);
    if (event === "live") ask();
  });
  return count;
}
