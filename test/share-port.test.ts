import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { freePort } from "#lib/free-port.ts";
import { type Howdah, startHowdah } from "./support/process.ts";
import { openWorld, type World } from "./support/world.ts";

// Processes that listen on one port together.

const secret = "x".repeat(32);
let world: World;
let first: Howdah;
let port: string;

const start = (share: "on" | "off") =>
  startHowdah({
    env: {
      ...{ PORT: port, SHARE_PORT: share, DATABASE_URL: world.databaseUrl },
      ...{ JWT_SECRET: secret, POSTMARK_SERVER_TOKEN: "of-the-test" },
    },
    args: ["--only=api"],
  });

before(async () => {
  world = await openWorld();
  port = String(await freePort());
  first = await start("on");
});

after(async () => {
  await first[Symbol.asyncDispose]();
  await world[Symbol.asyncDispose]();
});

test("one that does not share is refused", async () => {
  await assert.rejects(start("off"), /Port \d+ is in use/);
});

test("one that shares serves beside the first, and when the first stops", async () => {
  await using second = await start("on");
  const answers = await Promise.all(Array.from({ length: 40 }, () => answer()));
  assert.deepEqual([...new Set(answers)], [200]);
  assert.equal(await first.stop(), 0);
  assert.equal(await answer(), 200);
  first = second;
});

/** The status of an answer to a connection of its own. */
async function answer(): Promise<number> {
  const response = await fetch(`${first.url}/readyz`, { headers: { connection: "close" } });
  await response.text();
  return response.status;
}
