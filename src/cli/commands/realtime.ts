import { command } from "#cli/command.ts";
import { counted } from "#cli/print.ts";

type Relay = {
  id: string;
  hostname: string;
  pid: number;
  seconds_since_beat: number;
  sockets: number | null;
  channels: number | null;
  members: number | null;
  feed_lag_p50_ms: number | null;
  feed_lag_max_ms: number | null;
  messages: string | null;
  wakes_lost: string | null;
  slow_sockets: number | null;
};

type Overview = {
  watched_tables: number;
  notification_queue_share: number;
  partitions_ahead: number | null;
  log_bytes: string;
};

type Topic = { topic: string; private: boolean; messages: string; bytes: string };

const columns = [
  "relay",
  "beat",
  "sockets",
  "channels",
  "members",
  "lag p50/max",
  "messages",
  "unwoken",
  "slow",
];

export const realtime = command({
  about: "Show the relays of live messages: who is connected, how late they read, the busy topics",
  options: { json: { type: "boolean", about: "as JSON, with every column of the views in schema realtime" } },
  async run({ db, print, values }) {
    const relays = await db.rows<Relay>("select * from realtime.live_relays order by hostname, pid");
    const overview = (await db.rows<Overview>("select * from realtime.overview"))[0] as Overview;
    const topics = await db.rows<Topic>("select * from realtime.busy_topics limit 10");
    if (values.json) return print.json({ overview, relays, topics });
    if (relays.length === 0) print.warn("No relay is alive: npm start, or npm start -- --only=relay");
    else print.table(columns, relays.map(cells));
    if (topics.length > 0) print.table(["topic, last hour", "messages", "kB"], topics.map(topicCells));
    print.line(`  ${summary(overview)}\n`);
  },
});

function cells(relay: Relay): string[] {
  const { hostname, pid, seconds_since_beat, feed_lag_p50_ms: p50, feed_lag_max_ms: max } = relay;
  return [
    ...[`${hostname} ${pid}`, `${seconds_since_beat} s`],
    ...[relay.sockets, relay.channels, relay.members].map(shown),
    max === null ? "-" : `${Math.round(p50 ?? 0)}/${Math.round(max)} ms`,
    ...[relay.messages, relay.wakes_lost, relay.slow_sockets].map(shown),
  ];
}

function topicCells({ topic, private: isPrivate, messages, bytes }: Topic): string[] {
  return [isPrivate ? `${topic} (private)` : topic, messages, (Number(bytes) / 1000).toFixed(1)];
}

function summary(overview: Overview): string {
  const { partitions_ahead, log_bytes, watched_tables, notification_queue_share } = overview;
  return [
    `log ${(Number(log_bytes) / 1e6).toFixed(1)} MB, made for ${counted(partitions_ahead ?? 0, "day")} ahead`,
    `${counted(watched_tables, "table")} watched`,
    `queue of NOTIFY ${(notification_queue_share * 100).toFixed(1)} % full`,
  ].join("; ");
}

function shown(count: number | string | null): string {
  return count === null ? "-" : String(count);
}
