const TIME = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const WEEKDAY = new Intl.DateTimeFormat(undefined, { weekday: "short" });
const DATE = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });
const DAY_MS = 86_400_000;

/** As short as it can be said: the time today, the weekday within a week, else the date. */
export function sayWhen(iso: string): string {
  const moment = new Date(iso);
  const today = new Date();
  if (moment.toDateString() === today.toDateString()) return TIME.format(moment);
  return today.getTime() - moment.getTime() < 6 * DAY_MS ? WEEKDAY.format(moment) : DATE.format(moment);
}
