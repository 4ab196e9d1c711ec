import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type pg from "pg";
import { openPool } from "#db/pool.ts";
import { startCluster } from "../chaos/support/cluster.ts";
import { openWorld, type World } from "../support/world.ts";

// The log of messages under transactions that overlap.

let world: World;
before(async () => {
  world = await openWorld();
});
after(() => world[Symbol.asyncDispose]());

test("what commits between two pages of one read comes once", async () => {
  const since = await snapshot();
  await using slow = await begin();
  await say(slow.client, "z of paging");
  for (let n = 0; n < 3; n++) await say(world.pool, "a of paging");
  const first = await feed(since, 2);
  await slow.client.query("commit");
  const last = first.messages.at(-1);
  const second = await feed(since, 2, first.upto, last);
  const rest = await feed(first.upto, 100);
  const places = [first, second, rest].flatMap(({ messages }) =>
    messages.map(({ topic, seq }) => [topic, seq]),
  );
  assert.deepEqual(places, [
    ["a of paging", "1"],
    ["a of paging", "2"],
    ["a of paging", "3"],
    ["z of paging", "1"],
  ]);
});

test("a replay has no hole where a long transaction is older than the message before it", async () => {
  await using slow = await begin();
  await slow.client.query("select now()");
  const { rows } = await world.pool.query("select clock_timestamp() as since");
  await say(world.pool, "replay");
  await say(slow.client, "replay");
  await slow.client.query("commit");
  await say(world.pool, "replay");
  assert.deepEqual(await replay(rows[0].since, 25), ["1", "2", "3"]);
  assert.deepEqual(await replay(rows[0].since, 1), ["3"]);
  assert.deepEqual(await replay(new Date(Date.now() + 60_000), 25), []);
});

test("after a crash, messages of transactions whose numbers were given out before are read", async () => {
  await using life = new AsyncDisposableStack();
  const cluster = await startCluster(life);
  const before = openPool(cluster.url, "test");
  await before.query("alter system set wal_writer_delay = '10s'"); // else it may write the rollbacks to the disk
  await before.query("select pg_reload_conf()");
  await say(before, "crash");
  for (let n = 0; n < 5; n++)
    await before.query("begin; select realtime.send('{}', 'said', 'crash'); rollback");
  const { rows } = await before.query("select upto from realtime.feed(null) where upto is not null");
  const { rows: seen } = await before.query("select pg_snapshot_xmax(pg_current_snapshot())::text as next");
  await cluster.stop();
  await before.end();
  await cluster.start();

  const after = life.adopt(openPool(cluster.url, "test"), (pool) => pool.end());
  await say(after, "crash");
  const { rows: messages } = await after.query(
    "select m.xid::text, seq from realtime.messages m order by seq",
  );
  assert.ok(BigInt(messages[1].xid) < BigInt(seen[0].next), "the number is given out again");
  const { rows: fed } = await after.query("select seq from realtime.feed($1) where seq is not null", [
    rows[0].upto,
  ]);
  assert.deepEqual(fed, [{ seq: "2" }]);
});

type Message = { topic: string; private: boolean; seq: string };

async function feed(
  since: string,
  most: number,
  until?: string,
  after?: Message,
): Promise<{ upto: string; messages: Message[] }> {
  const place = [after?.topic, after?.private, after?.seq];
  const { rows } = await world.pool.query("select * from realtime.feed($1, $2, $3, $4, $5, $6)", [
    since,
    most,
    until,
    ...place,
  ]);
  return { upto: rows[0].upto, messages: rows.slice(1) };
}

async function replay(since: Date, most: number): Promise<string[]> {
  const { rows } = await world.pool.query("select * from realtime.replay('replay', $1, $2)", [since, most]);
  return rows.map(({ seq }) => seq);
}

async function snapshot(): Promise<string> {
  const { rows } = await world.pool.query("select pg_current_snapshot()::text as now");
  return rows[0].now;
}

function say(client: pg.ClientBase | pg.Pool, topic: string): Promise<unknown> {
  return client.query("select realtime.send('{}', 'said', $1)", [topic]);
}

async function begin(): Promise<AsyncDisposable & { client: pg.PoolClient }> {
  const client = await world.pool.connect();
  await client.query("begin");
  return { client, [Symbol.asyncDispose]: async () => client.release() };
}
