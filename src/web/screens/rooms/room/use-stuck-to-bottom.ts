import { type RefObject, useCallback, useEffect, useLayoutEffect, useRef, useState } from "react";
import { keyOf, type Line } from "./lines.ts";

const NEAR_PX = 80;

/**
 * Keeps a list of messages where its reader wants it: at the newest while he is there or writes himself, unmoved when
 * earlier messages are put in above. While newer ones are missing below, nothing sticks.
 */
export function useStuckToBottom(
  ref: RefObject<HTMLDivElement | null>,
  lines: readonly Line[],
  personId: string,
  detached: boolean,
) {
  const [atBottom, setAtBottom] = useState(true);
  const stuck = useRef(true);
  const before = useRef({ first: "", last: "", height: 0 });

  const toBottom = useCallback(() => {
    const list = ref.current;
    if (list) list.scrollTop = list.scrollHeight;
    stuck.current = true;
    setAtBottom(true);
  }, [ref]);

  /** Whoever jumps elsewhere does not want to be pulled back. */
  const letGo = useCallback(() => {
    stuck.current = false;
    setAtBottom(false);
  }, []);

  const onScroll = useCallback(() => {
    const list = ref.current;
    if (!list) return;
    stuck.current = !detached && list.scrollHeight - list.scrollTop - list.clientHeight < NEAR_PX;
    setAtBottom(stuck.current);
  }, [ref, detached]);

  useLayoutEffect(() => {
    const list = ref.current;
    const newest = lines.at(-1);
    if (!list) return;
    const now = { first: firstKey(lines), last: newest ? keyOf(newest) : "", height: list.scrollHeight };
    const wroteMyself =
      now.last !== before.current.last && newest?.state === "sending" && newest.senderId === personId;
    if ((stuck.current && !detached) || wroteMyself) toBottom();
    else if (now.first !== before.current.first && now.last === before.current.last)
      list.scrollTop += now.height - before.current.height;
    before.current = now;
  }, [ref, lines, personId, detached, toBottom]);

  useEffect(() => {
    const list = ref.current;
    if (!list) return;
    const observer = new ResizeObserver(() => stuck.current && toBottom());
    observer.observe(list);
    return () => observer.disconnect();
  }, [ref, toBottom]);

  return { atBottom, onScroll, toBottom, letGo };
}

function firstKey([first]: readonly Line[]): string {
  return first ? keyOf(first) : "";
}
