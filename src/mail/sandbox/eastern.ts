/** A moment as Postmark's API writes it: New York time with its offset and seven digits of a second. */
export function eastern(moment: Date): string {
  const part = Object.fromEntries(format.formatToParts(moment).map(({ type, value }) => [type, value]));
  const fraction = String(moment.getTime() % 1000)
    .padStart(3, "0")
    .padEnd(7, "0");
  const offset = (part.timeZoneName ?? "").replace("GMT", "") || "+00:00";
  return `${part.year}-${part.month}-${part.day}T${part.hour}:${part.minute}:${part.second}.${fraction}${offset}`;
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
