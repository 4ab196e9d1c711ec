import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { openPool } from "#db/pool.ts";
import { noPgbouncer, startPgbouncer } from "../support/pgbouncer.ts";
import { openFolder, startHowdah } from "../support/process.ts";
import { openWorld, type World } from "../support/world.ts";

let world: World;
before(async () => {
  world = await openWorld();
});
after(() => world[Symbol.asyncDispose]());

const heldLocks = async () =>
  (
    await world.pool.query(
      `select from pg_locks l join pg_database d on d.oid = l.database
       where d.datname = current_database() and l.locktype = 'advisory' and l.objid = 4701646`,
    )
  ).rowCount;

test("two relay processes start through a transaction pooler at once, and leave no lock on its connections", {
  skip: noPgbouncer,
}, async () => {
  await world.pool.query("delete from howdah.logic"); // so that there is something to do under the lock
  await using pooler = await startPgbouncer(world.databaseUrl);
  await using folder = await openFolder();
  const start = () =>
    startHowdah({ dir: folder.path, env: { DATABASE_URL: pooler.url }, args: ["--only=relay"] });
  const [one, two] = await Promise.all([start(), start()]);
  await using _one = one;
  await using _two = two;
  assert.equal(await heldLocks(), 0);
  const { rows } = await world.pool.query("select count(*)::int as relays from realtime.relays where polls");
  assert.deepEqual(rows, [{ relays: 2 }]);
});

test("the lock is seen while somebody holds it", async () => {
  await using stack = new AsyncDisposableStack();
  const pool = stack.adopt(openPool(world.databaseUrl, "test", { max: 1 }), (opened) => opened.end());
  const client = stack.adopt(await pool.connect(), (taken) => taken.release());
  await client.query("begin");
  await client.query("select pg_advisory_xact_lock(4701646)");
  assert.equal(await heldLocks(), 1);
  await client.query("rollback");
  assert.equal(await heldLocks(), 0);
});
