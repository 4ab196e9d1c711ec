import { clock, dayWord } from "../../parts/moments.ts";

/** "Friday, 27 November 2026, 14:30–16:00" on the viewer's clock. */
export function sayWhen(startsAt: string, endsAt: string | null): string {
  const start = `${dayWord(startsAt)}, ${clock(startsAt)}`;
  if (!endsAt) return start;
  if (new Date(startsAt).toDateString() === new Date(endsAt).toDateString())
    return `${start}–${clock(endsAt)}`;
  return `${start} to ${dayWord(endsAt)}, ${clock(endsAt)}`;
}

/** The beginning on the clock of the place, when that is another one than the viewer's; else "". */
export function sayThere(startsAt: string, timeZone: string): string {
  const there = inZone(startsAt, timeZone);
  return there === inZone(startsAt, undefined) ? "" : `${there} in ${timeZone.replaceAll("_", " ")}`;
}

function inZone(at: string, timeZone: string | undefined): string {
  return new Intl.DateTimeFormat("en-GB", {
    weekday: "short",
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
    timeZone,
  }).format(new Date(at));
}

export function isOver({ startsAt, endsAt }: { startsAt: string; endsAt: string | null }): boolean {
  return Date.parse(endsAt ?? startsAt) < Date.now();
}
