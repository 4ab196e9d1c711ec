import { type Actor, type Rights, signedIn } from "../support/rights/noun.ts";

const requests: readonly Actor[] = ["anon", ...signedIn, "service"];

export default {
  rows: {
    message: `insert into realtime.messages (topic, extension, event, payload, private)
      values ('room:of-nobody', 'broadcast', 'message', '{}', true) returning id`,
  },
  reads: {
    "realtime.messages": { where: "id = :message", by: ["service"] },
  },
  acts: {
    "insert into realtime.messages (topic, extension, event, payload, private) values ('room:of-nobody', 'broadcast', 'message', '{}', true)":
      ["service"],
  },
  topics: { "room:of-nobody": { hear: [], speak: [] } },
  closed: [
    "realtime.changes",
    "realtime.last_seen",
    "realtime.presence",
    "realtime.relays",
    "realtime.topics",
    "realtime.watches",
    "realtime.words",
  ],
  writes: { "realtime.messages": { select: requests, insert: requests } },
  functions: {
    service: ["realtime.topic", "realtime.send", "realtime.send_binary", "realtime.broadcast_changes"],
  },
} satisfies Rights;
