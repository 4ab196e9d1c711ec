import { type RefObject, useLayoutEffect, useRef, useState } from "react";
import type { Member } from "../../../api/rooms.ts";
import type { Line } from "./lines.ts";
import { bodyOf, plainWords } from "./mentions.ts";

const drafts = new Map<string, string>(); // by room, for as long as the page lives

/** The text being written: kept per room while it is a new message, filled with the old words while one is edited. */
export function useWriting(
  input: RefObject<HTMLTextAreaElement | null>,
  roomId: string,
  members: readonly Pick<Member, "id" | "name">[],
  editing: Line | null,
) {
  const [text, setText] = useState(() => (editing ? plainWords(editing.body) : (drafts.get(roomId) ?? "")));
  const picked = useRef(new Map<string, string>());
  const caret = useRef<number | null>(null);

  const write = (next: string, at: number | null = null) => {
    caret.current = at;
    setText(next);
    if (!editing) drafts.set(roomId, next);
  };

  useLayoutEffect(() => {
    const area = input.current;
    if (area?.value === text && caret.current !== null) area.setSelectionRange(caret.current, caret.current);
    caret.current = null;
  }, [input, text]);
  useGrowing(input, text);

  return {
    text,
    write,
    mean: (name: string, id: string) => void picked.current.set(name, id),
    body: () => bodyOf(text.trim(), members, picked.current),
  };
}

function useGrowing(input: RefObject<HTMLTextAreaElement | null>, text: string) {
  // biome-ignore lint/correctness/useExhaustiveDependencies: the height follows the text
  useLayoutEffect(() => {
    const area = input.current;
    if (!area) return;
    area.style.height = "auto";
    area.style.height = `${area.scrollHeight + 2}px`;
  }, [input, text]);
}
