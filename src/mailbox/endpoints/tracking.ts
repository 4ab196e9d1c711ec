import type { Call, Endpoint } from "../call.ts";
import { eastern } from "../eastern.ts";
import { parsePage } from "../page.ts";
import { type EventRow, type EventType, type StoredEvent, type Tracking, toEvent } from "../store/events.ts";
import { wantedMessage } from "./messages.ts";

export const trackingEndpoints: Endpoint[] = [
  { method: "GET", path: /^\/messages\/outbound\/opens$/i, run: (call) => list(call, "Opened") },
  { method: "GET", path: /^\/messages\/outbound\/clicks$/i, run: (call) => list(call, "LinkClicked") },
  { method: "GET", path: /^\/messages\/outbound\/opens\/([^/]+)$/i, run: (call) => ofOne(call, "Opened") },
  {
    method: "GET",
    path: /^\/messages\/outbound\/clicks\/([^/]+)$/i,
    run: (call) => ofOne(call, "LinkClicked"),
  },
];

type Tracked = StoredEvent & { tracking: Tracking; stream: string; tag: string | null };
type Kind = Extract<EventType, "Opened" | "LinkClicked">;

function list(call: Call, type: Kind): object {
  const stream = (call.query.get("messagestream") || "outbound").toLowerCase();
  const tag = call.query.get("tag");
  const recipient = call.query.get("recipient")?.toLowerCase();
  const found = tracked(call, type)
    .filter((each) => each.stream === stream)
    .filter((each) => !tag || each.tag === tag)
    .filter((each) => !recipient || each.recipient === recipient)
    .filter(({ tracking }) => matches(call, tracking));
  return page(call, type, found);
}

function ofOne(call: Call, type: Kind): object {
  const { id } = wantedMessage(call);
  return page(
    call,
    type,
    tracked(call, type).filter(({ messageId }) => messageId === id),
  );
}

/** Newest first; of the opens of one recipient only the first is kept. */
function tracked({ ground: { store } }: Call, type: Kind): Tracked[] {
  const rows = store.all<EventRow & { stream: string; tag: string | null }>(
    `select e.*, m.stream, m.tag from events e join messages m on m.id = e.message_id
     where e.type = ? and e.tracking is not null order by e.received_at desc, e.id desc`,
    type,
  );
  const all = rows.map((row) => ({ ...toEvent(row), stream: row.stream, tag: row.tag }) as Tracked);
  return type === "Opened" ? all.filter(({ tracking }) => tracking.FirstOpen !== false) : all;
}

function matches({ query }: Call, { Client, OS, Platform, Geo }: Tracking): boolean {
  const facts: Record<string, string | undefined> = {
    ...{ client_name: Client.Name, client_company: Client.Company, client_family: Client.Family },
    ...{ os_name: OS.Name, os_company: OS.Company, os_family: OS.Family, platform: Platform },
    ...{ country: Geo.Country, region: Geo.Region, city: Geo.City },
  };
  return Object.entries(facts).every(([name, fact]) => {
    const wanted = query.get(name);
    return !wanted || fact?.toLowerCase() === wanted.toLowerCase();
  });
}

function page(call: Call, type: Kind, found: Tracked[]): object {
  const { count, offset } = parsePage(call.query, 700);
  const [name, record] = type === "Opened" ? ["Opens", "Open"] : ["Clicks", "Click"];
  const shown = found.slice(offset, offset + count).map((each) => ({
    RecordType: record,
    ...each.tracking,
    ...{ MessageID: each.messageId, MessageStream: each.stream, Recipient: each.recipient, Tag: each.tag },
    ReceivedAt: eastern(each.receivedAt),
  }));
  return { TotalCount: found.length, [name ?? ""]: shown };
}
