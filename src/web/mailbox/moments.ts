const TODAY = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const EARLIER = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });
const FULL = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });

/** The time for today's letters, the day for earlier ones. */
export function sayMoment(stamp: string): string {
  const moment = parse(stamp);
  if (!moment) return stamp;
  const today = moment.toDateString() === new Date().toDateString();
  return (today ? TODAY : EARLIER).format(moment);
}

export function sayFullMoment(stamp: string): string {
  const moment = parse(stamp);
  return moment ? FULL.format(moment) : stamp;
}

// Postmark writes seven digits of a second, more than every browser reads.
function parse(stamp: string): Date | null {
  const moment = new Date(stamp.replace(/(\.\d{3})\d+/, "$1"));
  return Number.isNaN(moment.getTime()) ? null : moment;
}
