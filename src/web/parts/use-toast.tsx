import { type ReactNode, useCallback, useRef, useState } from "react";
import "../styles/forms.css";

const SHOWN_MS = 5_000;

/** A word at the bottom that goes by itself, read out politely: `[say, <its place>]`. */
export function useToast(): [(words: string) => void, ReactNode] {
  const [words, setWords] = useState("");
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const say = useCallback((next: string) => {
    clearTimeout(timer.current);
    setWords(next);
    timer.current = setTimeout(() => setWords(""), SHOWN_MS);
  }, []);
  return [
    say,
    <p key="toast" className="toast" role="status">
      {words}
    </p>,
  ];
}
