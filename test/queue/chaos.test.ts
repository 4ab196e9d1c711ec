import assert from "node:assert/strict";
import { rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { test } from "node:test";
import { kill, terminate } from "../chaos/queue/phases.ts";
import { everyoneServes, openScene, settle } from "../chaos/queue/scene.ts";
import { judge } from "../chaos/queue/verdict.ts";
import { openWorld } from "../support/world.ts";
import { doing, openEars, openGround, startWorker, tasksOf } from "./support.ts";

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
  assert.deepEqual(wrongs, [], `what the workers said is in ${log}`);
  assert.ok((rescues.find(({ how }) => how === "SIGKILL")?.jobs ?? 0) > 0, "the killed held jobs");
  await rm(log);
});

test("a job whose transaction was cut off runs again, though it has one try; one that fails has failed", async () => {
  await using ground = await openGround();
  using ears = openEars();
  const cut = doing(
    async (_payload, { attempt, query }) => {
      if (attempt === 1) await query("select pg_terminate_backend(pg_backend_pid())");
    },
    { transactional: true, tries: 1 },
  );
  const bad = doing(() => Promise.reject(new Error("It is bad.")), { transactional: true, tries: 1 });
  await using _worker = await startWorker(ground, tasksOf({ "try/cut": cut, "try/bad": bad }));
  const [one, other] = [await ground.dispatch("try/cut"), await ground.dispatch("try/bad")];
  await ears.heard("job:completed", ({ uuid }) => uuid === one);
  const outcomes = (await ground.attempts(one)).map(({ outcome, error }) => ({ outcome, error }));
  assert.deepEqual(
    outcomes.map(({ outcome }) => outcome),
    ["died", "completed"],
  );
  assert.match(outcomes[0]?.error ?? "", /Its transaction was cut off/);
  await ears.heard("job:failed", ({ uuid, final }) => uuid === other && final);
  assert.ok(await ground.failed(other));
});

test("who has only just come back takes nobody for dead, who was there all the time does", async () => {
  await using ground = await openGround();
  await ground.rows("select queue.enter(gen_random_uuid(), 'h', 1, 1, '{}', '{}', null)");
  await ground.rows("update queue.processes set beat_at = now() - interval '1 minute'");
  assert.deepEqual(await ground.rows("select pid from queue.rescue(present => '5 seconds')"), []);
  assert.deepEqual(await ground.rows("select pid from queue.rescue(present => '7 seconds')"), [{ pid: 1 }]);
});
