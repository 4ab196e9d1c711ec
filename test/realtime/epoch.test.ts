import assert from "node:assert/strict";
import { test } from "node:test";
import { openPool } from "#db/pool.ts";
import { startCluster } from "../chaos/support/cluster.ts";
import { until } from "../support/wait.ts";
import { Inbox } from "./inbox.ts";
import { openClient, startRelay } from "./relays.ts";

test("after a failover to a standby that was behind, clients start anew and hear all that is sent from then on, once", async () => {
  await using life = new AsyncDisposableStack();
  const cluster = await startCluster(life);
  const pool = life.adopt(openPool(cluster.url, "test"), (open) => open.end());
  const send = (n: number) =>
    pool.query("select realtime.send(jsonb_build_object('n', $1::int), 'e', 'room', false)", [n]);
  await send(0);
  await cluster.putAside();
  await cluster.start();
  const world = { databaseUrl: cluster.url, pool, jwtSecret: "a-secret-of-the-tests-with-32-characters" };
  const relay = life.use(await startRelay(world as never));
  const client = life.use(await openClient(world as never, relay));
  const [heard, statuses] = [new Inbox<number>(), new Inbox<string>()];
  client.realtime
    .channel("room")
    .on("broadcast", { event: "e" }, ({ payload }) => heard.push(payload.n))
    .subscribe((status) => statuses.push(status));
  await statuses.next((status) => status === "SUBSCRIBED");
  const lost = Array.from({ length: 50 }, (_, n) => n + 1);
  for (const n of lost) await succeeding(() => send(n));
  for (const n of lost) assert.equal(await heard.next(), n);

  await cluster.failOver();
  await statuses.next((status) => status === "CHANNEL_ERROR");
  await statuses.next((status) => status === "SUBSCRIBED");
  const { rows } = await pool.query("select last_seq::int from realtime.topics where topic = 'room'");
  assert.deepEqual(rows, [{ last_seq: 1 }], "the numbers are given out again");
  for (let n = 51; n <= 60; n++) await succeeding(() => send(n));
  for (let n = 51; n <= 60; n++) assert.equal(await heard.next(), n);
  assert.equal(heard.all.length, 60);
});

/** Connections of a pool whose server went away fail once each. */
async function succeeding(work: () => Promise<unknown>): Promise<void> {
  await until(() =>
    work().then(
      () => true,
      () => false,
    ),
  );
}
