import { useCallback, useEffect, useRef, useState } from "react";

const SHOWN_MS = 4_000;
const EVERY_MS = 2_000;

export type Typing = {
  names: string[];
  heard: (id: string, name: string) => void;
  stopped: (id: string) => void;
};

/** Who is typing at the moment: heard by broadcast, forgotten after four seconds of silence. */
export function useTyping(): Typing {
  const [typing, setTyping] = useState<{ id: string; name: string }[]>([]);
  const timers = useRef(new Map<string, ReturnType<typeof setTimeout>>());

  const stopped = useCallback((id: string) => {
    clearTimeout(timers.current.get(id));
    timers.current.delete(id);
    setTyping((typing) =>
      typing.some((one) => one.id === id) ? typing.filter((one) => one.id !== id) : typing,
    );
  }, []);

  const heard = useCallback(
    (id: string, name: string) => {
      clearTimeout(timers.current.get(id));
      timers.current.set(
        id,
        setTimeout(() => stopped(id), SHOWN_MS),
      );
      setTyping((typing) => (typing.some((one) => one.id === id) ? typing : [...typing, { id, name }]));
    },
    [stopped],
  );

  useEffect(() => {
    const running = timers.current;
    return () => {
      for (const timer of running.values()) clearTimeout(timer);
    };
  }, []);

  return { names: typing.map(({ name }) => name), heard, stopped };
}

/** Calls `tell` at most once in two seconds. */
export function useThrottled(tell: () => void): () => void {
  const last = useRef(0);
  return useCallback(() => {
    if (Date.now() - last.current < EVERY_MS) return;
    last.current = Date.now();
    tell();
  }, [tell]);
}
