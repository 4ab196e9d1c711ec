import assert from "node:assert/strict";
import os from "node:os";
import path from "node:path";
import { test } from "node:test";
import { kill, terminate } from "../chaos/queue/phases.ts";
import { everyoneServes, openScene, settle } from "../chaos/queue/scene.ts";
import { judge } from "../chaos/queue/verdict.ts";
import { openWorld } from "../support/world.ts";

/** The short version of `npm run chaos -- queue`. */
test("kills and cut connections lose nothing, double nothing and leave nothing locked", async () => {
  await using world = await openWorld();
  await using life = new AsyncDisposableStack();
  const log = path.join(os.tmpdir(), `howdah-chaos-test-${process.pid}.log`);
  const scene = await openScene(life, { url: world.databaseUrl, workers: 3, log, without: ["deaf"] });
  await kill(scene, 6, 300);
  await terminate(scene, 3);
  await everyoneServes(scene, "the terminations");
  await settle(scene);
  const { wrongs, rescues } = await judge(scene);
  assert.deepEqual(wrongs, []);
  assert.ok((rescues.find(({ how }) => how === "SIGKILL")?.jobs ?? 0) > 0, "the killed held jobs");
});
