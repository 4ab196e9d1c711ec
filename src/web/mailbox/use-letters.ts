import { useCallback, useEffect, useState } from "react";
import { sayProblem } from "../api/problem.ts";
import { type ListedLetter, loadLetters, type Wanted } from "./api.ts";

const LOOK_EVERY_MS = 1_500;
const TYPING_PAUSE_MS = 200;

export type Letters = {
  letters: ListedLetter[] | null;
  more: boolean;
  problem: string;
  loadOlder: () => Promise<void>;
};

type Found = { wanted: Wanted; letters: ListedLetter[]; more: boolean };

/** The letters that are wanted, newest first; new ones and what happens to them appear by themselves. */
export function useLetters(text: string, stream: string): Letters {
  const words = useSettled(text.trim());
  const [found, setFound] = useState<Found | null>(null);
  const [problem, setProblem] = useState("");

  useEffect(() => {
    const wanted = { text: words, stream };
    let over = false;
    const look = () => {
      if (document.visibilityState === "hidden") return;
      loadLetters(wanted).then(
        ({ letters, more }) => {
          if (over) return;
          setProblem("");
          setFound((before) => withNews(before, { wanted, letters, more }));
        },
        (error: unknown) => !over && setProblem(sayProblem(error)),
      );
    };
    look();
    const timer = setInterval(look, LOOK_EVERY_MS);
    document.addEventListener("visibilitychange", look);
    return () => {
      over = true;
      clearInterval(timer);
      document.removeEventListener("visibilitychange", look);
    };
  }, [words, stream]);

  const loadOlder = useCallback(async () => {
    const last = found?.letters.at(-1);
    if (!found || !last) return;
    const { letters, more } = await loadLetters(found.wanted, last.position);
    setFound((now) =>
      now && isSame(now.wanted, found.wanted) ? { ...now, letters: [...now.letters, ...letters], more } : now,
    );
  }, [found]);

  const current = found && isSame(found.wanted, { text: words, stream }) ? found : null;
  return { letters: current?.letters ?? null, more: current?.more ?? false, problem, loadOlder };
}

/** The older pages that were asked for stay below the newest one. */
function withNews(before: Found | null, news: Found): Found {
  const last = news.letters.at(-1);
  if (!before || !last || !isSame(before.wanted, news.wanted)) return news;
  const older = before.letters.filter(({ position }) => position < last.position);
  return older.length > 0 ? { ...news, letters: [...news.letters, ...older], more: before.more } : news;
}

function isSame(a: Wanted, b: Wanted): boolean {
  return a.text === b.text && a.stream === b.stream;
}

function useSettled(text: string): string {
  const [settled, setSettled] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text), TYPING_PAUSE_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return settled;
}
