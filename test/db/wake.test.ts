import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { PoolClient } from "pg";
import { createWake, wakeChannel } from "#db/wake.ts";
import { until } from "../support/wait.ts";
import { openWorld, type World } from "../support/world.ts";

let world: World;
let listener: PoolClient;
let heard = 0;

before(async () => {
  world = await openWorld();
  listener = await world.pool.connect();
  listener.on("notification", () => heard++);
  await listener.query(`listen ${wakeChannel}`);
});
after(async () => {
  listener.release(true);
  await world[Symbol.asyncDispose]();
});

test("while all is calm transactions announce themselves; in a storm the caller does, for a second at least", () => {
  const wake = createWake(world.pool);
  const asked = Array.from({ length: 100 }, () => wake.by());
  const first = asked.indexOf("caller");
  assert.ok(first >= 40 && first < 60, `the first ${first} announced themselves`);
  assert.deepEqual(new Set(asked.slice(first)), new Set(["caller"]));
});

test("a wake is told at once, and a thousand at once by a handful of notifications, the last one after the last", async () => {
  const wake = createWake(world.pool);
  heard = 0;
  wake();
  await until(() => heard === 1);
  for (let n = 0; n < 1000; n++) wake();
  await until(() => heard >= 2);
  wake();
  await until(() => heard >= 3);
  assert.ok(heard <= 4, `${heard} notifications`);
});
