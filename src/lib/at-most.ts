import { pause } from "#lib/pause.ts";

/** The outcome of `work`, or undefined when it takes longer than `ms`; leaves no timer behind. */
export async function atMost<T>(ms: number, work: Promise<T> | undefined): Promise<T | undefined> {
  const over = new AbortController();
  const tooLong = pause(ms, over.signal).then(() => undefined);
  return Promise.race([work, tooLong]).finally(() => over.abort());
}
