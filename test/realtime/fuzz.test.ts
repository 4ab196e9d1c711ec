import assert from "node:assert/strict";
import { rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { test } from "node:test";
import { fuzz } from "../chaos/fuzz/suite.ts";
import { openWorld } from "../support/world.ts";

/** The short version of `npm run chaos -- fuzz`. */
test("5,000 hostile frames cost the relay nothing, and its neighbours notice nothing", async () => {
  await using world = await openWorld();
  await using life = new AsyncDisposableStack();
  const log = path.join(os.tmpdir(), `howdah-chaos-test-${process.pid}.log`);
  const report = await fuzz(life, { frames: 5000, attackers: 4, seed: 7, url: world.databaseUrl, log });
  assert.deepEqual(report.wrongs, [], `what the relay said is in ${log}`);
  assert.ok(report.tally.frames >= 5000);
  assert.ok(report.said > 50 && report.framesSeen > 50, "the neighbours were there");
  await rm(log);
});
