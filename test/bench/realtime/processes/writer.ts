import pg from "pg";
import { createWake } from "#db/wake.ts";
import { Connection } from "#graphql/postgres/connection.ts";
import { now } from "../../support/clock.ts";
import { body } from "../clients/dialect.ts";
import { type Loop, watchLoop } from "../loop.ts";
import { pace } from "../pace.ts";
import { optionsOf, serve } from "./serve.ts";

/** "plain": no notification, no relay. "after": the product's writers. "inside": NOTIFY in the writing transaction. */
export type Way = "plain" | "after" | "inside";

export type Written = { first: number; called: Float64Array; committed: Float64Array; loop: Loop };

export type WriterApi = typeof api;

const { databaseUrl, connections } = optionsOf<{ databaseUrl: string; connections: number }>();
const pool = openPool(connections);
const wake = createWake(openPool(2));
let sent = 0;

/** Writers of messages, as an API process has them. */
const api = {
  /**
   * So many messages a second, each to one of the rooms in a transaction of its own. Of those after the warm-up: the
   * number of the first, when each transaction began and when its commit had returned.
   */
  async chat(
    way: "after" | "inside",
    { rooms, perSecond, seconds, warmup }: Record<"rooms" | "perSecond" | "seconds" | "warmup", number>,
  ): Promise<Written & { messages: number }> {
    await connect();
    const writing: Promise<[called: number, committed: number]>[] = [];
    const say = () => void writing.push(writeOne(way, `room ${Math.floor(Math.random() * rooms)}`));
    await pace(perSecond, warmup, say);
    const warm = writing.length;
    const loop = watchLoop();
    await pace(perSecond, seconds, say);
    const times = (await Promise.all(writing)).slice(warm);
    return {
      messages: writing.length,
      first: sent - times.length + 1,
      called: Float64Array.from(times, ([called]) => called),
      committed: Float64Array.from(times, ([, committed]) => committed),
      loop: loop(),
    };
  },

  /** All connections write one-row transactions, one after the other: how many a second. */
  async write(way: Way, { rooms, seconds }: { rooms: number; seconds: number }) {
    await connect();
    const loop = watchLoop();
    const began = now();
    const until = began + seconds * 1000;
    let commits = 0;
    const writer = async () => {
      while (now() < until) {
        await writeAtOnce(way, `bench ${Math.floor(Math.random() * rooms)}`);
        commits++;
      }
    };
    await Promise.all(Array.from({ length: connections }, writer));
    return { perSecond: (commits / (now() - began)) * 1000, loop: loop() };
  },

  /** The same in loops inside the database, so that no time of a client comes between two transactions. */
  async writeInside(way: Way, { rooms, seconds }: { rooms: number; seconds: number }) {
    await connect();
    const loop = watchLoop();
    const waking = way === "after" ? setInterval(wake, 1) : undefined;
    const call = () => pool.query("call bench.write_for($1, $2, $3, $4, null)", [way, rooms, seconds, body]);
    const began = now();
    const results = await Promise.all(Array.from({ length: connections }, call));
    clearInterval(waking);
    const commits = results.reduce((sum, { rows }) => sum + Number(rows[0].commits), 0);
    return { perSecond: (commits / (now() - began)) * 1000, loop: loop() };
  },
};

serve(api);

/** A transaction with the settings that the API makes for its user, as the API sends it. */
async function writeOne(
  way: Exclude<Way, "plain">,
  room: string,
): Promise<[called: number, committed: number]> {
  const called = now();
  const message = JSON.stringify({ n: ++sent, at: called, body });
  const client = await pool.connect();
  try {
    const by = way === "after" ? wake.by() : "commit";
    await Connection.of(client).runAlone(
      { name: "ours", text: inserts.ours, values: [message, room] },
      { "realtime.wake": by },
    );
    const committed = now();
    if (by === "caller") wake();
    return [called, committed];
  } finally {
    client.release();
  }
}

/** The same in one message to the server: with four, 32 clients would be slower than any database. */
async function writeAtOnce(way: Way, room: string): Promise<void> {
  const message = pg.escapeLiteral(JSON.stringify({ n: ++sent, at: now(), body }));
  const insert = inserts[way === "plain" ? "plain" : "ours"]
    .replace("$1", message)
    .replace("$2", pg.escapeLiteral(room));
  const by = way === "after" ? wake.by() : way === "plain" ? "caller" : "commit";
  await pool.query(`begin; select set_config('realtime.wake', '${by}', true); ${insert}; commit`);
  if (way === "after" && by === "caller") wake();
}

/** Opens all connections, if they are not. */
async function connect(): Promise<void> {
  await Promise.all(Array.from({ length: connections }, () => pool.query("select pg_sleep(0.1)")));
}

const inserts = {
  plain:
    "insert into bench.messages (payload, topic, event, private, extension) values ($1, $2, 'said', false, 'broadcast')",
  ours: "select realtime.send($1, 'said', $2, false)",
};

function openPool(max: number): pg.Pool {
  const pool = new pg.Pool({ connectionString: databaseUrl, max, idleTimeoutMillis: 0 });
  pool.on("error", () => {});
  pool.on("connect", (client) => client.on("error", () => {}));
  return pool;
}
