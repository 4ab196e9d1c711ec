import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { RealtimeChannel } from "@supabase/realtime-js";
import type { World } from "../support/world.ts";
import { Inbox } from "./inbox.ts";
import {
  member,
  openClient,
  openClub,
  type RunningRelay,
  startRelay,
  stranger,
  subscribed,
  tokenOf,
} from "./relays.ts";

// The unmodified @supabase/realtime-js against a relay.

let world: World;
let relay: RunningRelay;

before(async () => {
  world = await openClub();
  relay = await startRelay(world);
});

after(async () => {
  await relay[Symbol.asyncDispose]();
  await world[Symbol.asyncDispose]();
});

test("a member hears what the database sends, with the id of the message", async () => {
  using client = await openClient(world, relay, { accessToken: () => tokenOf(world, member) });
  await client.realtime.setAuth();
  const channel = client.realtime.channel("club:1", { config: { private: true } });
  const heard = listen(channel, "message");
  assert.deepEqual(await subscribed(channel), { status: "SUBSCRIBED", message: undefined });

  await world.pool.query("select realtime.send($1, 'message', 'club:1')", [{ body: "hello" }]);
  const message = await heard.next();
  assert.equal(message.payload.body, "hello");
  assert.equal(message.payload.id, message.meta.id);
});

test("a stranger is refused with the reason", async () => {
  using client = await openClient(world, relay, { accessToken: () => tokenOf(world, stranger) });
  await client.realtime.setAuth();
  const channel = client.realtime.channel("club:1", { config: { private: true } });
  assert.deepEqual(await subscribed(channel), {
    status: "CHANNEL_ERROR",
    message: "Unauthorized: You do not have permissions to read from this Channel topic: club:1",
  });
});

test("a transaction sends at its commit, in order, and a rolled-back one sends nothing", async () => {
  using client = await openClient(world, relay);
  const channel = client.realtime.channel("tx");
  const heard = listen(channel, "e");
  await subscribed(channel);
  const database = await world.pool.connect();
  const send = (n: number) => database.query("select realtime.send($1, 'e', 'tx', false)", [{ n }]);

  await database.query("begin");
  await send(1);
  await database.query("rollback");
  await database.query("begin");
  await send(2);
  await database.query("savepoint here");
  await send(3);
  await database.query("rollback to here");
  await send(4);
  assert.equal(heard.all.length, 0);
  await database.query("commit");
  database.release();

  assert.deepEqual([(await heard.next()).payload.n, (await heard.next()).payload.n], [2, 4]);
  const { rows } = await world.pool.query(
    "select seq from realtime.messages where topic = 'tx' order by seq",
  );
  assert.deepEqual(
    rows.map(({ seq }) => seq),
    ["1", "2"],
  );
});

test("a writer who wakes by himself is heard at the fallback poll even if he forgets to", async () => {
  using client = await openClient(world, relay);
  const channel = client.realtime.channel("forgetful");
  const heard = listen(channel, "e");
  await subscribed(channel);
  await world.pool.query(
    "with s as materialized (select set_config('realtime.wake', 'caller', true)) select realtime.send('{}', 'e', 'forgetful', false) from s",
  );
  await heard.next();
});

test("an error inside realtime.send warns and leaves the writer's transaction whole", async () => {
  const database = await world.pool.connect();
  await database.query("begin");
  await database.query("select realtime.send('{}', 'e', null)");
  const { rows } = await database.query("select 1 as alive");
  await database.query("commit");
  database.release();
  assert.deepEqual(rows, [{ alive: 1 }]);
});

for (const vsn of ["1.0.0", "2.0.0"]) {
  test(`typing, ack and self work with vsn ${vsn}`, async () => {
    using one = await openClient(world, relay, { vsn });
    using two = await openClient(world, relay);
    const typist = one.realtime.channel(`typing ${vsn}`, {
      config: { broadcast: { ack: true, self: true } },
    });
    const reader = two.realtime.channel(`typing ${vsn}`);
    const [echoed, heard] = [listen(typist, "typing"), listen(reader, "typing")];
    await subscribed(typist);
    await subscribed(reader);
    assert.equal(await typist.send({ type: "broadcast", event: "typing", payload: { name: "Ada" } }), "ok");
    assert.deepEqual((await heard.next()).payload, { name: "Ada" });
    assert.deepEqual((await echoed.next()).payload, { name: "Ada" });
  });
}

test("raw bytes arrive as bytes", async () => {
  using one = await openClient(world, relay);
  using two = await openClient(world, relay);
  const [sender, receiver] = [one.realtime.channel("bytes"), two.realtime.channel("bytes")];
  const heard = listen(receiver, "b");
  await subscribed(sender);
  await subscribed(receiver);
  await sender.send({ type: "broadcast", event: "b", payload: new Uint8Array([0, 200, 255]).buffer });
  assert.deepEqual(
    new Uint8Array((await heard.next()).payload as unknown as ArrayBuffer),
    new Uint8Array([0, 200, 255]),
  );
});

test("presence: state, join, change and leave", async () => {
  using one = await openClient(world, relay);
  using two = await openClient(world, relay);
  const ada = one.realtime.channel("here", { config: { presence: { key: "ada" } } });
  const bob = two.realtime.channel("here", { config: { presence: { key: "bob" } } });
  const changes = new Inbox<{ event: string; key: string; names: unknown[] }>();
  const synced = new Inbox<string[]>();
  bob.on("presence", { event: "sync" }, () => synced.push(Object.keys(bob.presenceState()).sort()));
  bob.on("presence", { event: "join" }, ({ key, newPresences }) => {
    changes.push({ event: "join", key, names: newPresences.map(({ name }) => name) });
  });
  bob.on("presence", { event: "leave" }, ({ key, leftPresences }) => {
    changes.push({ event: "leave", key, names: leftPresences.map(({ name }) => name) });
  });

  await subscribed(ada);
  assert.equal(await ada.track({ name: "Ada" }), "ok");
  await subscribed(bob);
  assert.deepEqual(await synced.next((keys) => keys.length === 1), ["ada"]);
  assert.deepEqual(await changes.next(), { event: "join", key: "ada", names: ["Ada"] });
  await bob.track({ name: "Bob" });
  assert.deepEqual(await synced.next((keys) => keys.length === 2), ["ada", "bob"]);
  assert.deepEqual(await changes.next(), { event: "join", key: "bob", names: ["Bob"] });

  await ada.track({ name: "Ada" });
  await ada.track({ name: "Ada L." });
  const changed = [await changes.next(), await changes.next()];
  assert.deepEqual(changed, [
    { event: "join", key: "ada", names: ["Ada L."] },
    { event: "leave", key: "ada", names: ["Ada"] },
  ]);
  await ada.unsubscribe();
  assert.deepEqual(await changes.next(), { event: "leave", key: "ada", names: ["Ada L."] });
  assert.deepEqual(Object.keys(bob.presenceState()), ["bob"]);
});

test("a client whose token expires comes back by itself with a fresh one", async () => {
  let lifetime = 2;
  using client = await openClient(world, relay, {
    accessToken: () => tokenOf(world, member, lifetime),
    heartbeatIntervalMs: 500,
  });
  await client.realtime.setAuth();
  const channel = client.realtime.channel("club:expiring", { config: { private: true } });
  const heard = listen(channel, "message");
  const statuses = new Inbox<string>();
  // A fresh token at each heartbeat would hide the expiry: the app hands out the old one until it is over.
  const old = await tokenOf(world, member, lifetime);
  client.realtime.accessToken = async () => (lifetime === 2 ? old : tokenOf(world, member, 600));
  await client.realtime.setAuth();
  channel.subscribe((status) => statuses.push(status));
  await statuses.next((status) => status === "SUBSCRIBED");
  await statuses.next((status) => status === "CHANNEL_ERROR");
  lifetime = 600;
  await statuses.next((status) => status === "SUBSCRIBED");
  await world.pool.query("select realtime.send('{}', 'message', 'club:expiring')");
  await heard.next();
});

test("the client's heartbeat is answered", async () => {
  using client = await openClient(world, relay, { heartbeatIntervalMs: 50 });
  const beats = new Inbox<string>();
  client.realtime.onHeartbeat((status) => beats.push(status));
  await subscribed(client.realtime.channel("beating"));
  await beats.next((status) => status === "ok");
  await beats.next((status) => status === "ok");
});

type Heard = { payload: Record<string, unknown> & { n?: number }; meta: { id: string } };

function listen(channel: RealtimeChannel, event: string): Inbox<Heard> {
  const heard = new Inbox<Heard>();
  channel.on("broadcast", { event }, (message) => heard.push(message as unknown as Heard));
  return heard;
}
