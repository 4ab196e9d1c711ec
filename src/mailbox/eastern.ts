/** A moment as Postmark's API writes it: New York time with its offset and seven digits of a second. */
export function eastern(moment: Date): string {
  const part = Object.fromEntries(format.formatToParts(moment).map(({ type, value }) => [type, value]));
  const fraction = String(moment.getTime() % 1000)
    .padStart(3, "0")
    .padEnd(7, "0");
  const offset = (part.timeZoneName ?? "").replace("GMT", "") || "+00:00";
  return `${part.year}-${part.month}-${part.day}T${part.hour}:${part.minute}:${part.second}.${fraction}${offset}`;
}

/** A moment as webhooks write it. */
export function universal(moment: Date): string {
  return moment.toISOString().replace("Z", "0000Z");
}

/** The moment of a New York wall clock that shows `text`: "2026-01-31T12:00:00.000". NaN inside for no time at all. */
export function fromEastern(text: string): Date {
  const asIfUniversal = Date.parse(`${text}Z`);
  const near = new Date(asIfUniversal - offsetAt(asIfUniversal));
  return new Date(asIfUniversal - offsetAt(near.getTime()));
}

/** How far New York is ahead, in milliseconds; it is never. */
function offsetAt(moment: number): number {
  if (Number.isNaN(moment)) return moment;
  const [, sign, hours = "0", minutes = "0"] = /([+-])(\d\d):(\d\d)$/.exec(eastern(new Date(moment))) ?? [];
  return (sign === "-" ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000;
}

const format = new Intl.DateTimeFormat("en-US", {
  timeZone: "America/New_York",
  hourCycle: "h23",
  year: "numeric",
  month: "2-digit",
  day: "2-digit",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  timeZoneName: "longOffset",
});
