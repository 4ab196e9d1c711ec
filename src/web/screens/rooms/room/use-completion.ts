import { type KeyboardEvent, type RefObject, useState } from "react";
import type { Member } from "../../../api/rooms.ts";
import { type Completion, completionAt } from "./mentions.ts";

export type Completing = {
  completion: Completion | null;
  chosen: number;
  /** Looks at what stands before the caret. */
  look: () => void;
  /** True when the key was meant for the list. */
  steer: (event: KeyboardEvent) => boolean;
  pick: (index: number) => void;
  close: () => void;
};

type Input = RefObject<HTMLTextAreaElement | null>;
type Named = Pick<Member, "id" | "name">;

/** Completes the name after an "@": the arrow keys choose, Enter and Tab take, Escape lets it be. */
export function useCompletion(
  input: Input,
  members: readonly Named[],
  mayCallAll: boolean,
  onPick: (text: string, caret: number, whom: Named) => void,
): Completing {
  const [completion, setCompletion] = useState<Completion | null>(null);
  const [chosen, setChosen] = useState(0);
  const close = () => setCompletion(null);

  const look = () => {
    const area = input.current;
    if (!area) return;
    setCompletion(completionAt(area.value.slice(0, area.selectionStart), members, mayCallAll));
    setChosen(0);
  };
  const pick = (index: number) => {
    const whom = completion?.matches[index];
    const area = input.current;
    if (!whom || !completion || !area) return;
    const before = `${area.value.slice(0, completion.start)}${whom.name} `;
    onPick(before + area.value.slice(area.selectionStart), before.length, whom);
    close();
  };
  const steer = (event: KeyboardEvent): boolean => {
    if (!completion) return false;
    const size = completion.matches.length;
    const acts: Record<string, () => void> = {
      ArrowDown: () => setChosen((chosen + 1) % size),
      ArrowUp: () => setChosen((chosen + size - 1) % size),
      Enter: () => pick(chosen),
      Tab: () => pick(chosen),
      Escape: close,
    };
    const act = acts[event.key];
    if (!act) return false;
    event.preventDefault();
    event.stopPropagation();
    act();
    return true;
  };
  return { completion, chosen, look, steer, pick, close };
}
