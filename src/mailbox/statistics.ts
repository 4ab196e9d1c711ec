import type { Call } from "./call.ts";
import { eastern } from "./eastern.ts";
import { parseMoment } from "./page.ts";
import { Fault } from "./reply.ts";
import type { Tracking } from "./store/events.ts";

/** One thing that happened, as far as it is counted. */
export type Activity = {
  at: number;
  messageId: string | null;
  recipient: string;
  bounceType?: string;
  tracking?: Tracking | undefined;
  link?: string | undefined;
  tracked?: boolean;
  opensTracked?: boolean;
  linksTracked?: boolean;
};

/** What happened in the wanted time, of the wanted stream and tag; without a stream, of all. */
export function activityOf(call: Call) {
  const { from, to } = windowOf(call);
  const values = [
    call.query.get("messagestream")?.toLowerCase() ?? "",
    call.query.get("tag") ?? "",
    from,
    to,
  ];
  const { store } = call.ground;
  const sends = store.all<Sent>(sentRows, ...values).map(toSend);
  const bounced = store.all<Bounced>(bounceRows, ...values).map(toBounce);
  const events = store.all<Followed>(eventRows, ...values);
  return {
    sends,
    bounces: bounced.filter(({ bounceType }) => bounceType !== "SpamComplaint"),
    complaints: bounced.filter(({ bounceType }) => bounceType === "SpamComplaint"),
    opens: events.filter(({ type }) => type === "Opened").map(toFollowed),
    clicks: events.filter(({ type }) => type === "LinkClicked").map(toFollowed),
  };
}

/** `{ Days: [{ Date, …counts }], …sums }`; days on which nothing happened are left out. */
export function byDay(series: Record<string, Activity[]>): object {
  const days = new Map<string, Record<string, number>>();
  for (const [name, activities] of Object.entries(series))
    for (const { at } of activities) {
      const day = eastern(new Date(at)).slice(0, 10);
      const counts = days.get(day) ?? {};
      days.set(day, { ...counts, [name]: (counts[name] ?? 0) + 1 });
    }
  const Days = [...days]
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([day, counts]) => ({ Date: day, ...counts }));
  const sums = Object.entries(series).map(([name, activities]) => [name, activities.length]);
  return { Days, ...Object.fromEntries(sums) };
}

function windowOf({ query, ground: { clock } }: Call): { from: number; to: number } {
  const from = parseMoment(query, "fromdate", "first", 900)?.getTime() ?? 0;
  const to = parseMoment(query, "todate", "last", 900)?.getTime() ?? clock.now().getTime();
  if (from > to) throw new Fault(1502, "Parameter 'FromDate' must be older than 'ToDate'.");
  return { from, to };
}

const filter = (table: string, at: string) =>
  `?1 in ('', ${table}.stream) and ?2 in ('', coalesce(${table}.tag, '')) and ${at} between ?3 and ?4`;

const sentRows = `
  select m.id, m.received_at, m.track_opens, m.track_links from messages m where ${filter("m", "m.received_at")}`;
const bounceRows = `
  select b.message_id, b.email, b.type, b.bounced_at from bounces b where ${filter("b", "b.bounced_at")}`;
const eventRows = `
  select e.message_id, e.recipient, e.type, e.received_at, e.tracking
  from events e join messages m on m.id = e.message_id
  where e.tracking is not null and ${filter("m", "e.received_at")} order by e.id`;

type Sent = { id: string; received_at: number; track_opens: number; track_links: string };
type Bounced = { message_id: string | null; email: string; type: string; bounced_at: number };
type Followed = {
  message_id: string;
  recipient: string;
  type: string;
  received_at: number;
  tracking: string;
};

function toSend({ id, received_at, track_opens, track_links }: Sent): Activity {
  const opensTracked = track_opens === 1;
  const linksTracked = track_links !== "None";
  return {
    ...{ at: received_at, messageId: id, recipient: "", opensTracked, linksTracked },
    tracked: opensTracked || linksTracked,
  };
}

function toBounce({ message_id, email, type, bounced_at }: Bounced): Activity {
  return { at: bounced_at, messageId: message_id, recipient: email, bounceType: type };
}

function toFollowed({ message_id, recipient, received_at, tracking }: Followed): Activity {
  const parsed = JSON.parse(tracking) as Tracking;
  return { at: received_at, messageId: message_id, recipient, tracking: parsed, link: parsed.OriginalLink };
}
