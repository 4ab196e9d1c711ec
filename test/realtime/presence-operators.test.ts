import assert from "node:assert/strict";
import os from "node:os";
import { test } from "node:test";
import pg from "pg";
import { until } from "../support/wait.ts";
import { Raw } from "./raw.ts";
import { member, openClub, startRelay, tokenOf } from "./relays.ts";

// What operators see of relays and members, and when people were last there.

test("operators see each relay, all of them together, and the busy topics", async () => {
  await using world = await openClub();
  await world.pool.query("select realtime.roll_partitions()"); // the template may have been made before midnight
  await using first = await startRelay(world, {}, { beatMs: 100 });
  await using second = await startRelay(world, {}, { beatMs: 100 });
  using one = await Raw.open(world, first);
  using two = await Raw.open(world, first);
  using three = await Raw.open(world, second);
  for (const socket of [one, two, three])
    await socket.join("realtime:busy", { presence: { enabled: true, key: "k" } });
  await one.join("realtime:quiet");
  await one.track("realtime:busy", { n: 1 });
  await world.pool.query("select realtime.send('{}', 'e', 'busy', false) from generate_series(1, 3)");
  await world.pool.query("select realtime.send('{}', 'e', 'quiet', false)");
  for (let n = 0; n < 3; n += 1) await three.event("broadcast", "realtime:busy");

  const relays = async () =>
    (await world.pool.query("select * from realtime.live_relays order by sockets")).rows;
  await until(async () => (await relays()).every((relay) => relay.messages === "4" && relay.sockets > 0));
  const [small, large] = await relays();
  assert.deepEqual([small.id, large.id], [second.relay.id, first.relay.id]);
  assert.deepEqual([large.sockets, large.channels, large.rooms, large.members], [2, 3, 2, 1]);
  assert.deepEqual([small.sockets, small.channels, small.rooms, small.members], [1, 1, 1, 0]);
  assert.deepEqual([large.hostname, large.pid], [os.hostname(), process.pid]);
  assert.ok(large.seconds_since_beat < 5 && large.gossip_backlog === 0 && large.slow_sockets === 0);

  const { rows: overview } = await world.pool.query("select * from realtime.overview");
  const { relays: count, sockets, channels, members, messages, partitions_ahead } = overview[0];
  assert.deepEqual([count, sockets, channels, members, messages], [2, 3, 4, 1, "8"]);
  assert.equal(partitions_ahead, 3);
  assert.ok(Number(overview[0].log_bytes) > 0 && overview[0].notification_queue_share < 0.1);

  const { rows: topics } = await world.pool.query("select topic, messages from realtime.busy_topics");
  assert.deepEqual(topics, [
    { topic: "busy", messages: "3" },
    { topic: "quiet", messages: "1" },
  ]);
});

test("messages that only the poll found are counted, announced ones are not", async () => {
  await using world = await openClub();
  await using relay = await startRelay(world, {}, { beatMs: 50 });
  using socket = await Raw.open(world, relay);
  await socket.join("realtime:a");
  const counts = async () => {
    const { rows } = await world.pool.query(
      "select messages::int, wakes_lost::int, feed_lag_max_ms as lag from realtime.live_relays",
    );
    return rows[0];
  };
  await world.pool.query("select realtime.send('{}', 'e', 'a', false)");
  await until(async () => (await counts()).messages === 1);
  assert.equal((await counts()).wakes_lost, 0);
  await world.pool.query(
    "select set_config('realtime.wake', 'caller', false), realtime.send('{}', 'e', 'a', false)",
  );
  await until(async () => (await counts()).messages === 2);
  assert.equal((await counts()).wakes_lost, 1);
  const { rows } = await world.pool.query("select wakes_lost_share as share from realtime.overview");
  assert.equal(rows[0].share, 0.5);
});

test("the stored moment is when a person left; while present it is now", async () => {
  await using world = await openClub();
  await using relay = await startRelay(world);
  const token = await tokenOf(world, member);
  const seen = async () => {
    const { rows } = await world.pool.query(
      "select realtime.seen($1) as at, realtime.seen($1) = now() as here",
      [member],
    );
    return rows[0];
  };
  assert.equal((await seen()).at, null);
  using one = await Raw.open(world, relay);
  using two = await Raw.open(world, relay);
  await one.join("realtime:a", { presence: { key: "one" } }, { access_token: token });
  await two.join("realtime:b", { presence: { key: "two" } }, { access_token: token });
  await one.track("realtime:a");
  await two.track("realtime:b");
  await until(async () => (await seen()).here);
  one.push("realtime:a", "phx_leave", {});
  await until(async () => (await world.pool.query("select from realtime.last_seen")).rowCount === 1);
  assert.equal((await seen()).here, true, "still here by the other connection");
  two.push("realtime:b", "presence", { event: "untrack" });
  await until(async () => !(await seen()).here);
  const { at } = await seen();
  assert.ok(Date.now() - at.getTime() < 10_000 && at.getTime() <= Date.now() + 1000, String(at));
});

test("who has no person in the token is not last seen", async () => {
  await using world = await openClub();
  await using relay = await startRelay(world);
  using nameless = await Raw.open(world, relay);
  using known = await Raw.open(world, relay);
  await nameless.join("realtime:a");
  await known.join("realtime:a", {}, { access_token: await tokenOf(world, member) });
  for (const socket of [nameless, known]) await socket.track("realtime:a");
  const subs = async () => (await world.pool.query("select sub from realtime.presence order by sub")).rows;
  await until(async () => (await subs()).length === 2);
  assert.deepEqual(await subs(), [{ sub: member }, { sub: null }]);
  for (const socket of [nameless, known]) socket.push("realtime:a", "phx_leave", {});
  await until(async () => (await subs()).length === 0);
  const { rows } = await world.pool.query("select sub from realtime.last_seen");
  assert.deepEqual(rows, [{ sub: member }]);
});

test("while people stay, one statement a minute and relay notes it, and none a beat", async () => {
  await using world = await openClub();
  await using relay = await startRelay(world, {}, { beatMs: 40, noteMs: 200 });
  using socket = await Raw.open(world, relay);
  await socket.join("realtime:a", {}, { access_token: await tokenOf(world, member) });
  await socket.track("realtime:a");
  const noted = async () =>
    (await world.pool.query("select at from realtime.last_seen")).rows[0]?.at.getTime();
  await until(async () => (await noted()) !== undefined);
  const moments = new Set<number>();
  const since = performance.now();
  await until(async () => moments.add(await noted()).size === 4);
  assert.ok(performance.now() - since > 3 * 200 - 100, "noted more often than it should");
});

test("a relay that is gone was last there at its last beat, and so were its members", async () => {
  await using world = await openClub();
  const relay = crypto.randomUUID();
  await world.pool.query("select realtime.beat($1)", [relay]);
  await world.pool.query(
    `select realtime.gossip_presence($1, '{}', '{}', '{}', '{}', '{r}', '{t}', '{f}', '{k}', array['{}'], array[$2::uuid])`,
    [relay, member],
  );
  const { rows: before } = await world.pool.query(
    "update realtime.relays set beat = beat - interval '1 hour' returning beat",
  );
  const { rows: seen } = await world.pool.query("select realtime.seen($1) = now() as here", [member]);
  assert.equal(seen[0].here, true);
  const { rows: beat } = await world.pool.query("select fresh, live from realtime.beat($1)", [
    crypto.randomUUID(),
  ]);
  assert.ok(beat[0].fresh && !beat[0].live.includes(relay));
  const { rows } = await world.pool.query("select realtime.seen($1) as at", [member]);
  assert.deepEqual(rows[0].at, before[0].beat);
});

test("a relay that missed a beat is dead if its connection is gone, and waited for if it is there", async () => {
  await using world = await openClub();
  const [relay, other] = [crypto.randomUUID(), crypto.randomUUID()];
  const connection = new pg.Client(world.databaseUrl);
  await connection.connect();
  await connection.query("select realtime.lock_relay($1)", [relay]);
  await world.pool.query("select realtime.beat($1, locked => true)", [relay]);
  await world.pool.query("update realtime.relays set beat = beat - interval '8 seconds'");
  const lives = async () => {
    const { rows } = await world.pool.query("select live from realtime.beat($1)", [other]);
    return rows[0].live.includes(relay);
  };
  assert.equal(await lives(), true);
  await connection.end();
  await until(async () => !(await lives()));

  await world.pool.query("select realtime.beat($1, locked => false)", [relay]);
  await world.pool.query("update realtime.relays set beat = beat - interval '8 seconds' where id = $1", [
    relay,
  ]);
  assert.equal(await lives(), true, "one that never had a lock is not missed for its lack");
});

test("only the owner may ask when somebody was last there", async () => {
  await using world = await openClub();
  const { rows: owner } = await world.pool.query("select realtime.seen($1) as at", [member]);
  assert.equal(owner[0].at, null);
  for (const role of ["anon", "authenticated", "service_role"]) {
    const { rows } = await world.pool.query(
      `select has_function_privilege($1, 'realtime.seen(uuid)', 'execute') as seen,
         has_table_privilege($1, 'realtime.last_seen', 'select') as last_seen,
         has_table_privilege($1, 'realtime.live_relays', 'select') as live_relays`,
      [role],
    );
    assert.deepEqual(rows[0], { seen: false, last_seen: false, live_relays: false });
  }
});
