import { useEffect, useState } from "react";
import { useSession } from "./session.ts";

/** A hook that gives what `ask` found for the person who is signed in, asked once per person; null until it is known. */
export function onceForPerson<T>(ask: (personId: string) => Promise<T>): () => T | null {
  let asked: { personId: string; answer: Promise<T> } | null = null;
  const answerFor = (personId: string) => {
    if (asked?.personId !== personId) asked = { personId, answer: ask(personId) };
    return asked.answer;
  };
  return function useAnswer() {
    const personId = useSession().person?.id;
    const [known, setKnown] = useState<{ personId: string; answer: T } | null>(null);
    useEffect(() => {
      if (!personId) return;
      answerFor(personId).then(
        (answer) => setKnown({ personId, answer }),
        () => {
          asked = null;
        },
      );
    }, [personId]);
    return known !== null && known.personId === personId ? known.answer : null;
  };
}
