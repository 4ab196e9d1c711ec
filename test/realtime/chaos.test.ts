import assert from "node:assert/strict";
import { rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { test } from "node:test";
import { openScene } from "../chaos/realtime/scene.ts";
import type { Breakage } from "../chaos/realtime/settings.ts";
import { burn, judge, type Verdict } from "../chaos/realtime/suite.ts";
import { openWorld } from "../support/world.ts";

// The short version of `npm run chaos -- realtime`.

test("kills, cut connections and hops: every message arrives once and in order, and nobody is a ghost", async () => {
  const { verdict, kills, terminated } = await run({ seconds: 4 });
  assert.deepEqual(verdict.wrongs, []);
  assert.ok(kills > 0 && terminated > 0, "there were kills");
  assert.ok(verdict.counts.messages > 100, `there were ${verdict.counts.messages} messages`);
  assert.equal(verdict.counts.deliveries, verdict.counts.messages * 3);
});

test("a naive cursor fails it: messages are missing", async () => {
  const { verdict } = await run({ seconds: 1, terminations: 0, breakage: "cursor" });
  assert.ok(verdict.counts.missing > 0);
});

test("a reader that reads a little twice fails it: messages are doubled", async () => {
  const { verdict } = await run({ seconds: 1, terminations: 0, breakage: "overlap" });
  assert.ok(verdict.counts.doubled > 0);
});

test("a reader that sorts by an id fails it: messages are out of order", async () => {
  const { verdict } = await run({ seconds: 1, terminations: 0, breakage: "order" });
  assert.ok(verdict.counts.disordered > 0);
});

type Run = { verdict: Verdict; kills: number; terminated: number };

async function run(options: { seconds: number; terminations?: number; breakage?: Breakage }): Promise<Run> {
  const { seconds, terminations = 5, breakage } = options;
  await using world = await openWorld();
  await using life = new AsyncDisposableStack();
  const log = path.join(os.tmpdir(), `howdah-chaos-test-${process.pid}.log`);
  const size = { relays: 2, rooms: 24, clients: 24, apps: 4, writers: 16, rate: 200 };
  const scene = await openScene(life, { ...size, breakage, url: world.databaseUrl, log });
  await burn(scene, { seconds, terminations });
  const verdict = await judge(scene, 700);
  if (verdict.wrongs.length === 0) await rm(log);
  return { verdict, kills: scene.fleet.kills, terminated: scene.terminated };
}
