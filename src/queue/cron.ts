import { Cron } from "croner";
import { AppError, messageOf } from "#errors.ts";

/**
 * A clock of ticks. When it is put forward, a fixed time that is left out ticks right after the gap; when it is put
 * back, a fixed time ticks once, the first time, and what recurs within hours goes on through both.
 */
export type Ticks = {
  /** The first tick after this moment; undefined when none will ever come. */
  next(after: Date): Date | undefined;
  /** The last ticks in `(after, until]`, in order, at most `count`. */
  last(count: number, after: Date, until: Date): Date[];
};

/** Reads a cron expression on the clock of an IANA time zone. Throws AppError `BadCron` with one sentence. */
export function readCron(expression: string, timezone: string): Ticks {
  const cron = parse(expression, timezone);
  return {
    next: (after) => cron.nextRun(after) ?? undefined,
    last: (count, after, until) =>
      cron
        .previousRuns(count, new Date(until.getTime() + 1)) // a tick at the moment itself has come
        .filter((tick) => tick > after)
        .reverse(),
  };
}

function parse(expression: string, timezone: string): Cron {
  if (!isTimezone(timezone))
    throw new AppError("BadCron", `"${timezone}" is no time zone: name one as Asia/Jakarta or UTC.`);
  try {
    if (isDate.test(expression)) throw new Error("that is a date");
    return new Cron(expression, { timezone, mode: "5-or-6-parts" });
  } catch (error) {
    throw new AppError("BadCron", `"${expression}" is no cron expression (${messageOf(error)}).`, {
      cause: error,
    });
  }
}

const isDate = /^\s*\d{4}-/; // croner takes a date for a single tick: that is a dispatch with run_at

function isTimezone(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
