const TIME = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const DAY = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long" });
const RELATIVE = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
const DAY_MS = 86_400_000;

/** "14:05" in the reader's own manner. */
export function sayTime(iso: string): string {
  return TIME.format(new Date(iso));
}

/** "Today", "Yesterday" or "Monday, 3 March". */
export function sayDay(iso: string): string {
  const days = Math.round((startOfDay(new Date()) - startOfDay(new Date(iso))) / DAY_MS);
  if (days > 1 || days < 0) return DAY.format(new Date(iso));
  const word = RELATIVE.format(-days, "day");
  return word.charAt(0).toUpperCase() + word.slice(1);
}

/** The same text for two moments of one day in the reader's time zone. */
export function dayOf(iso: string): string {
  return new Date(iso).toDateString();
}

function startOfDay(moment: Date): number {
  return new Date(moment.getFullYear(), moment.getMonth(), moment.getDate()).getTime();
}
