import { codeOf } from "#errors.ts";
import { pause } from "#lib/pause.ts";

/**
 * Repeats `work` for as long as the database is away, and until `givenUp` is aborted; `work` must bear to be done twice,
 * for an answer may have been lost. Throws what is no loss of the connection.
 */
export async function insist<T>(work: () => Promise<T>, givenUp: AbortSignal): Promise<T> {
  for (let delay = 20; ; delay = Math.min(delay * 2, 1000)) {
    try {
      return await work();
    } catch (error) {
      if (!isAway(error) || givenUp.aborted) throw error;
      await pause(delay * (0.5 + Math.random()), givenUp);
    }
  }
}

/**
 * The connection was lost or refused, the server is starting, stopping, out of something or not the primary any more, or a
 * transaction has to be done again.
 */
export function isAway(error: unknown): boolean {
  const code = codeOf(error);
  if (code === undefined) return /connection|timeout/i.test(String((error as Error)?.message));
  return /^(08...|57P0.|53...|25006|25P03|40001|40P01|E[A-Z]+)$/.test(code);
}
