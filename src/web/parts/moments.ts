/** "Today", "Yesterday", "Tomorrow", or the date, on the viewer's clock. */
export function dayWord(iso: string, now = new Date()): string {
  const days = Math.round((startOfDay(new Date(iso)) - startOfDay(now)) / 86_400_000);
  if (Math.abs(days) <= 1) return ["Yesterday", "Today", "Tomorrow"][days + 1] ?? "";
  return longDate.format(new Date(iso));
}

export function clock(iso: string): string {
  return time.format(new Date(iso));
}

/** "Today, 14:30" */
export function moment(iso: string): string {
  return `${dayWord(iso)}, ${clock(iso)}`;
}

/** Short, for tables: "24 Nov, 14:30". */
export function shortMoment(iso: string): string {
  return short.format(new Date(iso));
}

export function shortDate(iso: string): string {
  return shortDay.format(new Date(iso));
}

/** "4:05" until a moment; "" when it is past. */
export function countdown(iso: string, now = Date.now()): string {
  const left = Math.ceil((Date.parse(iso) - now) / 1000);
  if (left <= 0) return "";
  return `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
}

const longDate = new Intl.DateTimeFormat("en", {
  weekday: "long",
  day: "numeric",
  month: "long",
  year: "numeric",
});
const time = new Intl.DateTimeFormat("en", { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const short = new Intl.DateTimeFormat("en", {
  day: "numeric",
  month: "short",
  hour: "2-digit",
  minute: "2-digit",
  hourCycle: "h23",
});
const shortDay = new Intl.DateTimeFormat("en", { day: "numeric", month: "short" });

function startOfDay(at: Date): number {
  return new Date(at.getFullYear(), at.getMonth(), at.getDate()).getTime();
}
