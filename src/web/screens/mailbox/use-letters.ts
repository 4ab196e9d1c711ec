import { useCallback, useDeferredValue, useEffect, useMemo } from "react";
import { loadLetters, type Stream } from "../../api/letters.ts";
import { useLoad } from "../../parts/use-load.ts";

const POLL_MS = 2_000;

/** The newest letters, looked up again every two seconds while the page is visible. */
export function useLetters(stream: Stream, recipient: string) {
  const wanted = useDeferredValue(recipient.trim());
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
