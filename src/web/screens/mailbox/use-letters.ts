import { useCallback, useEffect, useMemo, useState } from "react";
import { loadLetters, type Stream } from "../../api/letters.ts";
import { useLoad } from "../../parts/use-load.ts";

const POLL_MS = 2_000;
const TYPING_PAUSE_MS = 250;

/** The newest letters, looked up again every two seconds while the page is visible. */
export function useLetters(stream: Stream, recipient: string) {
  const wanted = useSettled(recipient.trim());
  const load = useCallback(
    async () => ({ stream, recipient: wanted, ...(await loadLetters(stream, wanted)) }),
    [stream, wanted],
  );
  const { data, problem, reload } = useLoad(load);
  useEffect(() => {
    const look = () => document.visibilityState === "visible" && reload();
    const timer = setInterval(look, POLL_MS);
    document.addEventListener("visibilitychange", look);
    return () => {
      clearInterval(timer);
      document.removeEventListener("visibilitychange", look);
    };
  }, [reload]);
  const letters = useMemo(() => (data?.stream === stream ? data.Messages : null), [data, stream]);
  return { letters, total: data?.TotalCount ?? 0, problem, reload };
}

function useSettled(text: string): string {
  const [settled, setSettled] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text), TYPING_PAUSE_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return settled;
}
