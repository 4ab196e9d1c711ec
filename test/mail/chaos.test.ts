import assert from "node:assert/strict";
import { rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { test } from "node:test";
import { burn, openScene, settle } from "../chaos/mail/scene.ts";
import { points } from "../chaos/mail/traps.ts";
import { judge } from "../chaos/mail/verdict.ts";
import { openWorld } from "../support/world.ts";

/** The short version of `npm run chaos -- mail`. */
test("senders killed at all six points and every fault of the service double no letter and lose none", async () => {
  await using world = await openWorld();
  await using life = new AsyncDisposableStack();
  const log = path.join(os.tmpdir(), `howdah-chaos-mail-test-${process.pid}.log`);
  const scene = await openScene(life, { url: world.databaseUrl, senders: 2, seed: 1, speed: 400, log });
  await burn(scene, 5);
  await settle(scene);
  const { wrongs, states } = await judge(scene);
  assert.deepEqual(wrongs, [], `what the senders said is in ${log}`);
  assert.deepEqual([...scene.kills.keys()].sort(), Object.keys(points).sort());
  assert.ok((states.get("accepted") ?? 0) + (states.get("delivered") ?? 0) > 100, "letters were sent");
  await rm(log);
});
