import assert from "node:assert/strict";
import { test } from "node:test";
import { until } from "../support/wait.ts";
import type { World } from "../support/world.ts";
import { Raw } from "./raw.ts";
import { member, openClub, startRelay, tokenOf } from "./relays.ts";
import { presentIn, Watcher } from "./watcher.ts";

// Who is there: what one relay or two tell of members that come, go, and come back.

const long = { holdMs: 60_000 };
const room = "realtime:here";

for (const { across, where } of [
  { across: false, where: "the same relay" },
  { across: true, where: "another relay" },
]) {
  test(`who loses the connection and comes back to ${where} is never missed`, async () => {
    await using world = await openClub();
    await using first = await startRelay(world, {}, long);
    await using second = await startRelay(world, {}, long);
    using near = await Watcher.open(world, first, "here");
    using far = await Watcher.open(world, second, "here");
    using before = await Raw.open(world, first);
    await before.join(room, { presence: { key: "bob" } });
    await before.track(room, { n: 1 });
    for (const watcher of [near, far]) await watcher.joins.next(({ key }) => key === "bob");

    before.ws.terminate();
    await until(async () => (await heldIn(world)) === 1);
    using after = await Raw.open(world, across ? second : first);
    await after.join(room, { presence: { key: "bob", enabled: true } });
    assert.deepEqual(Object.keys((await after.event("presence_state")).payload), ["bob"]);
    await after.track(room, { n: 2 });
    for (const watcher of [near, far]) {
      const left = await watcher.leaves.next();
      assert.deepEqual([left.key, left.remaining], ["bob", 1]);
      assert.deepEqual(watcher.missed, []);
      assert.equal(watcher.diffs.filter((diff) => "bob" in diff.leaves && "bob" in diff.joins).length, 1);
      assert.deepEqual(watcher.present(), { bob: [{ n: 2 }] });
    }
    await until(async () => (await presentIn(world)).join() === "bob");
    assert.equal(await heldIn(world), 0);
  });
}

test("who does not come back leaves once, when the time is over, and was last seen when the connection was lost", async () => {
  await using world = await openClub();
  await using first = await startRelay(world, {}, { holdMs: 400 });
  await using second = await startRelay(world, {}, { holdMs: 400 });
  using watcher = await Watcher.open(world, second, "here");
  using bob = await Raw.open(world, first);
  await bob.join(room, { presence: { key: "bob" } }, { access_token: await tokenOf(world, member) });
  await bob.track(room);
  await watcher.joins.next();

  const lostAt = performance.now();
  bob.ws.terminate();
  await watcher.leaves.next();
  assert.ok(performance.now() - lostAt >= 390);
  assert.deepEqual(watcher.present(), {});
  assert.deepEqual(await presentIn(world), []);
  const { rows } = await world.pool.query(
    "select extract(epoch from clock_timestamp() - realtime.seen($1))::float8 * 1000 as ago",
    [member],
  );
  assert.ok(rows[0].ago >= 350, String(rows[0].ago));
  assert.equal(watcher.leaves.all.length, 1);
});

const goodbyes: { how: string; go: (bob: Raw) => void }[] = [
  { how: "untracks", go: (bob) => bob.push(room, "presence", { event: "untrack" }) },
  { how: "leaves the channel", go: (bob) => bob.push(room, "phx_leave", {}) },
  { how: "closes with 1000", go: (bob) => bob.ws.close(1000) },
  { how: "closes with 1001", go: (bob) => bob.ws.close(1001) },
  { how: "closes without a code", go: (bob) => bob.ws.close() },
];
for (const { how, go } of goodbyes) {
  test(`who ${how} is gone at once`, async () => {
    await using world = await openClub();
    await using relay = await startRelay(world, {}, long);
    using watcher = await Watcher.open(world, relay, "here");
    using bob = await Raw.open(world, relay);
    await bob.join(room, { presence: { key: "bob" } });
    await bob.track(room);
    await watcher.joins.next();
    go(bob);
    assert.equal((await watcher.leaves.next()).remaining, 0);
    await until(async () => (await presentIn(world)).length === 0);
  });
}

const losses: { how: string; go: (bob: Raw) => void }[] = [
  { how: "gives up on a heartbeat", go: (bob) => bob.ws.close(1000, "heartbeat timeout") },
  { how: "is cut off", go: (bob) => bob.ws.terminate() },
  { how: "joins again on the same socket", go: (bob) => void bob.join(room) },
];
for (const { how, go } of losses) {
  test(`who ${how} is waited for`, async () => {
    await using world = await openClub();
    await using relay = await startRelay(world, {}, long);
    using watcher = await Watcher.open(world, relay, "here");
    using bob = await Raw.open(world, relay);
    using eve = await Raw.open(world, relay);
    for (const [key, socket] of Object.entries({ bob, eve })) {
      await socket.join(room, { presence: { key } });
      await socket.track(room);
      await watcher.joins.next((join) => join.key === key);
    }
    go(bob);
    await until(async () => (await heldIn(world)) === 1);
    eve.push(room, "phx_leave", {});
    await watcher.leaves.next(({ key }) => key === "eve");
    assert.deepEqual(Object.keys(watcher.present()), ["bob"]);
  });
}

test("two sockets under one key stack up, and each takes its own entry along", async () => {
  await using world = await openClub();
  await using first = await startRelay(world, {}, { holdMs: 200 });
  await using second = await startRelay(world, {}, { holdMs: 200 });
  using watcher = await Watcher.open(world, second, "here");
  using phone = await Raw.open(world, first);
  using desk = await Raw.open(world, second);
  await phone.join(room, { presence: { key: "ada" } });
  await desk.join(room, { presence: { key: "ada" } });
  await phone.track(room, { at: "phone" });
  await watcher.joins.next();
  await desk.track(room, { at: "desk" });
  await watcher.joins.next();
  assert.deepEqual(watcher.present(), { ada: [{ at: "phone" }, { at: "desk" }] });
  phone.ws.terminate();
  assert.equal((await watcher.leaves.next()).remaining, 1);
  assert.deepEqual(watcher.present(), { ada: [{ at: "desk" }] });
  desk.ws.close(1000);
  assert.equal((await watcher.leaves.next()).remaining, 0);
});

test("tracking anew is one diff with the new entry and the old one", async () => {
  await using world = await openClub();
  await using first = await startRelay(world);
  await using second = await startRelay(world);
  using watcher = await Watcher.open(world, second, "here");
  using bob = await Raw.open(world, first);
  await bob.join(room, { presence: { key: "bob" } });
  await bob.track(room, { mood: "fine" });
  await watcher.joins.next();
  await bob.track(room, { mood: "fine" });
  await bob.track(room, { mood: "better" });
  await watcher.leaves.next();
  assert.deepEqual(watcher.present(), { bob: [{ mood: "better" }] });
  assert.deepEqual(watcher.missed, []);
  assert.equal(watcher.diffs.length, 2);
});

for (const key of ["__proto__", "ids"]) {
  test(`the presence key ${key} is refused, and its neighbour is not`, async () => {
    await using world = await openClub();
    await using relay = await startRelay(world);
    using socket = await Raw.open(world, relay);
    assert.match(await socket.joinRefused(room, { presence: { key } }), /^InvalidPresenceKey: /);
    await socket.join(room, { presence: { key: `${key}s`, enabled: true } });
    await socket.track(room);
    const { payload } = await socket.event("presence_diff");
    assert.deepEqual(Object.keys(payload.joins), [`${key}s`]);
  });
}

async function heldIn(world: World): Promise<number> {
  const { rowCount } = await world.pool.query("select from realtime.presence where held_since is not null");
  return rowCount ?? 0;
}
