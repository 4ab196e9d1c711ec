import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import type { World } from "../support/world.ts";
import { Inbox } from "./inbox.ts";
import { pushFrame, Raw } from "./raw.ts";
import { openClient, openClub, spawnRelay, startRelay, subscribed } from "./relays.ts";

// Several relays on one database.

test("every message arrives once and in order at two relays, whatever happens to their connections", async () => {
  await using world = await openClub();
  await using first = await startRelay(world);
  await using second = await startRelay(world);
  using one = await Raw.open(world, first);
  using two = await Raw.open(world, second);
  const topics = ["a", "b", "c", "d"];
  for (const topic of topics)
    await Promise.all([one.join(`realtime:${topic}`), two.join(`realtime:${topic}`)]);

  const storm = new AbortController();
  const killed = terminateRelays(world, storm.signal);
  await Promise.all(Array.from({ length: 10 }, (_, writer) => write(world, topics, writer, 50)));
  storm.abort();
  assert.ok((await killed) > 0);
  await world.pool.query("select realtime.send('{}', 'last', t, false) from unnest($1::text[]) t", [topics]);

  for (const socket of [one, two]) {
    for (const topic of topics) await socket.inbox.next(isLast(topic), `the last message of ${topic}`);
    for (const topic of topics) assert.deepEqual(idsHeard(socket, topic), await idsWritten(world, topic));
  }
  const { rows } = await world.pool.query(
    "select count(*)::int as n from realtime.messages where event = 'e'",
  );
  assert.ok(rows[0].n >= 500, String(rows[0].n));
});

test("typing and a payload of 1 MB cross from relay to relay, and the sender hears neither", async () => {
  await using world = await openClub();
  await using first = await startRelay(world);
  await using second = await startRelay(world);
  using here = await Raw.open(world, first);
  using there = await Raw.open(world, second, "1.0.0");
  await here.join("realtime:across", { broadcast: { ack: true } });
  await there.join("realtime:across");
  const text = `${randomBytes(500_000).toString("hex")}ü€😀`;

  here.ws.send(pushFrame("realtime:across", "typing", Buffer.from('{"name":"Ada"}')));
  here.ws.send(pushFrame("realtime:across", "big", Buffer.from(JSON.stringify({ text }))));
  assert.deepEqual((await there.event("broadcast")).payload.payload, { name: "Ada" });
  assert.equal((await there.event("broadcast")).payload.payload.text, text);
  await there.heartbeat();
  assert.equal(here.inbox.all.filter(({ event }) => event === "broadcast").length, 0);

  await world.pool.query("select realtime.send($1, 'e', 'across', false)", [{ text }]);
  assert.equal((await here.event("broadcast")).payload.payload.text, text);
});

test("presence spans relays; a relay that is killed is missed once, and a new one knows who is there", async () => {
  await using world = await openClub();
  await using watcher = await startRelay(world, {}, { holdMs: 200 });
  await using doomed = await spawnRelay(world, { holdMs: 200 });
  using ada = await openClient(world, watcher);
  using bob = await openClient(world, doomed);
  const watching = ada.realtime.channel("here", { config: { presence: { key: "ada" } } });
  const tracked = bob.realtime.channel("here", { config: { presence: { key: "bob" } } });
  const left = new Inbox<string>();
  const joined = new Inbox<string>();
  watching.on("presence", { event: "join" }, ({ key }) => joined.push(key));
  watching.on("presence", { event: "leave" }, ({ key }) => left.push(key));
  await subscribed(watching);
  await watching.track({ name: "Ada" });
  await subscribed(tracked);
  await tracked.track({ name: "Bob" });
  await joined.next((key) => key === "bob");

  await using latecomer = await startRelay(world, {}, { holdMs: 200 });
  using late = await Raw.open(world, latecomer);
  await late.join("realtime:here", { presence: { enabled: true } });
  const { payload } = await late.event("presence_state");
  assert.deepEqual(Object.keys(payload).sort(), ["ada", "bob"]);

  doomed.process.kill("SIGKILL");
  // The relay's silence is backdated, so that the test need not wait for 15 seconds of it.
  await world.pool.query(
    "update realtime.relays set beat = beat - interval '15 seconds' where id in (select relay_id from realtime.presence where key = 'bob')",
  );
  assert.equal(await left.next(), "bob");
  const diff = await late.inbox.next(
    ({ event, payload }) => event === "presence_diff" && "bob" in payload.leaves,
  );
  assert.deepEqual(diff.payload.joins, {});
  assert.deepEqual(left.all, ["bob"]);
});

test("a relay that was cut off reads who came and went, and a buried one that lives comes back", async () => {
  await using world = await openClub();
  await using first = await startRelay(world);
  await using second = await startRelay(world);
  using watcher = await Raw.open(world, first);
  using guest = await Raw.open(world, second);
  assert.deepEqual(await stateOf(watcher, "realtime:gap"), {});
  await guest.join("realtime:gap", { presence: { key: "guest" } });
  await terminate(world);
  guest.push("realtime:gap", "presence", { event: "track", payload: { n: 1 } });
  const joined = await watcher.event("presence_diff");
  assert.deepEqual(Object.keys(joined.payload.joins), ["guest"]);

  await world.pool.query("delete from realtime.relays where id = $1", [second.relay.id]);
  await until(async () => (await world.pool.query("select from realtime.presence")).rowCount === 1);
  await until(async () => "guest" in (await stateOf(watcher, "realtime:gap")));
  assert.equal(first.relay.stats().members, 1);
});

test("members say goodbye when their relay stops", async () => {
  await using world = await openClub();
  await using first = await startRelay(world, {}, { holdMs: 200 });
  const second = await startRelay(world);
  using watcher = await Raw.open(world, first);
  using guest = await Raw.open(world, second);
  await watcher.join("realtime:bye", { presence: { enabled: true } });
  await guest.join("realtime:bye", { presence: { key: "guest" } });
  guest.push("realtime:bye", "presence", { event: "track", payload: { n: 1 } });
  await watcher.event("presence_diff");
  await second[Symbol.asyncDispose]();
  const { payload } = await watcher.event("presence_diff");
  assert.deepEqual([payload.joins, Object.keys(payload.leaves)], [{}, ["guest"]]);
  assert.equal(first.relay.stats().members, 0);
});

async function stateOf(socket: Raw, topic: string): Promise<object> {
  await socket.join(topic, { presence: { enabled: true } });
  return (await socket.event("presence_state", topic)).payload;
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  const deadline = AbortSignal.timeout(15_000);
  while (!(await holds())) {
    deadline.throwIfAborted();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function write(world: World, topics: string[], writer: number, transactions: number): Promise<void> {
  for (let n = 0; n < transactions; n += 1) {
    const database = await world.pool.connect();
    try {
      await database.query("begin");
      const some = topics.filter(() => Math.random() < 0.4);
      for (const topic of some.length > 0 ? some : topics.slice(0, 1)) {
        await database.query("select realtime.send($1, 'e', $2, false)", [{ writer, n }, topic]);
        if (Math.random() < 0.2) await database.query("select pg_sleep(random() * 0.02)");
      }
      await database.query(n % 10 === 9 && n < transactions - 10 ? "rollback" : "commit");
    } finally {
      database.release();
    }
  }
}

async function terminateRelays(world: World, over: AbortSignal): Promise<number> {
  let killed = 0;
  while (!over.aborted) {
    killed += await terminate(world, Math.random() < 0.5 ? 1 : 3);
    await world.pool.query("select pg_sleep($1)", [0.05 + Math.random() * 0.1]);
  }
  return killed;
}

async function terminate(world: World, howMany = 100): Promise<number> {
  const { rowCount } = await world.pool.query(
    `select pg_terminate_backend(pid) from (
       select pid from pg_stat_activity
       where datname = current_database() and application_name like 'howdah:relay%' order by random() limit $1) s`,
    [howMany],
  );
  return rowCount ?? 0;
}

function isLast(topic: string) {
  return ({ topic: of, payload }: { topic: string; payload: { event?: string } }) =>
    of === `realtime:${topic}` && payload.event === "last";
}

function idsHeard(socket: Raw, topic: string): string[] {
  const heard = socket.inbox.all.filter(
    (frame) => frame.event === "broadcast" && frame.topic === `realtime:${topic}`,
  );
  return heard.map(({ payload }) => payload.meta.id);
}

async function idsWritten(world: World, topic: string): Promise<string[]> {
  const { rows } = await world.pool.query("select id from realtime.messages where topic = $1 order by seq", [
    topic,
  ]);
  return rows.map(({ id }) => id);
}
