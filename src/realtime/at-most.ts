import { pause } from "#lib/deferred.ts";

/** Waits for `work`, but no longer than `ms`; leaves no timer behind. */
export async function atMost(ms: number, work: Promise<unknown> | undefined): Promise<void> {
  const over = new AbortController();
  await Promise.race([work, pause(ms, over.signal)]).finally(() => over.abort());
}
