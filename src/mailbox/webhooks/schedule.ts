/** Minutes between one attempt and the next. */
const retryAfterMinutes = [1, 5, 10, 10, 10, 15];

export const retries = retryAfterMinutes.length;

export type Verdict = "done" | "retry" | "refused";

/** 2xx is done. Too slow, too busy, broken or not there: again. Everything else: never again. */
export function verdictOn(status: number | null): Verdict {
  if (status === null || status >= 500 || status === 408 || status === 429) return "retry";
  if (status >= 200 && status < 300) return "done";
  return status >= 400 ? "refused" : "retry";
}

/** When to try again after `attempts` that failed; null = given up. */
export function nextAttempt(now: Date, attempts: number): Date | null {
  const minutes = retryAfterMinutes[attempts - 1];
  return minutes === undefined ? null : new Date(now.getTime() + minutes * 60_000);
}
