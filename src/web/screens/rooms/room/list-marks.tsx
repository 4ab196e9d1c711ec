import { type RefObject, useEffect, useState } from "react";
import type { ConversationView } from "./conversation.ts";
import { firstSeq, type Line } from "./lines.ts";
import { dayOf, sayDay } from "./moments.ts";
import { useOpenRoom } from "./room-context.ts";
import type { Reading } from "./use-reading.ts";

export function LostBanner() {
  return (
    <p className="lost-banner">
      The connection is lost, we are trying again. What you write is sent once it is back.
    </p>
  );
}

export function DayMark({ line }: { line: Line }) {
  return (
    <li className="day" aria-label={sayDay(line.createdAt)}>
      <span>{sayDay(line.createdAt)}</span>
    </li>
  );
}

export function NewMark() {
  return (
    <li className="new-mark" data-testid="new-mark">
      <span>New</span>
    </li>
  );
}

export function OlderButton({ view: { hasOlder, loading, problem } }: { view: ConversationView }) {
  const { conversation } = useOpenRoom();
  if (!hasOlder) return null;
  return (
    <button
      type="button"
      className="button quiet older"
      disabled={loading === "older"}
      onClick={() => void conversation.loadOlder()}
    >
      {olderLabel(loading === "older", problem)}
    </button>
  );
}

type UnreadPillProps = { list: RefObject<HTMLElement | null>; reading: Reading; lines: readonly Line[] };

/** Offers the way to the first new message for as long as it stands above what is in view. */
export function UnreadPill({ list, reading: { newFrom, newCount }, lines }: UnreadPillProps) {
  const { conversation } = useOpenRoom();
  const above = useIsAbove(list, newFrom, lines);
  const [left, setLeft] = useState<number | null>(null);
  if (newFrom === null || left === newFrom || !above) return null;
  const jump = () => {
    setLeft(newFrom);
    void conversation.jumpTo(newFrom);
  };
  return (
    <button type="button" className="unread-pill" data-testid="unread-pill" onClick={jump}>
      <span aria-hidden="true">↑</span> {newCount === 1 ? "1 new message" : `${newCount} new messages`}
    </button>
  );
}

function useIsAbove(
  list: RefObject<HTMLElement | null>,
  seq: number | null,
  lines: readonly Line[],
): boolean {
  const [above, setAbove] = useState(false);
  useEffect(() => {
    const area = list.current;
    if (!area || seq === null || lines.length === 0) return setAbove(false);
    if (seq < firstSeq(lines)) return setAbove(true);
    const mark = area.querySelector(".new-mark");
    if (!mark) return setAbove(false);
    const observer = new IntersectionObserver(
      ([entry]) =>
        entry &&
        setAbove(!entry.isIntersecting && entry.boundingClientRect.top < (entry.rootBounds?.top ?? 0)),
      { root: area },
    );
    observer.observe(mark);
    return () => observer.disconnect();
  }, [list, seq, lines]);
  return above;
}

export function startsDay(line: Line, before: Line | undefined): boolean {
  return !before || dayOf(before.createdAt) !== dayOf(line.createdAt);
}

function olderLabel(loading: boolean, problem: string): string {
  if (loading) return "Loading…";
  return problem ? "Earlier messages did not load. Try again" : "Earlier messages";
}
