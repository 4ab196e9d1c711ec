import type { RealtimeClient } from "@supabase/realtime-js";

/** The client forgets a timer of 10 s when it disconnects, which would keep the process alive. */
export function disconnect(realtime: RealtimeClient): void {
  const { setTimeout } = globalThis;
  const unref = (work: () => void, ms: number) => setTimeout(work, ms).unref();
  globalThis.setTimeout = unref as unknown as typeof setTimeout;
  void realtime.disconnect();
  globalThis.setTimeout = setTimeout;
}
