import assert from "node:assert/strict";
import { test } from "node:test";
import { untilBlocked } from "../support/blocked.ts";
import { until } from "../support/wait.ts";
import type { World } from "../support/world.ts";
import { everything, openNotes, startWatching, Watcher } from "./changes.ts";
import { openClient, subscribed } from "./relays.ts";

// Tables are watched while somebody subscribes to them, over several relays and whatever happens to their connections.

test("a table carries triggers while it is watched, and none before and after", async () => {
  await using world = await openNotes();
  await using relay = await startWatching(world, 50);
  assert.equal(await triggers(world), 0);
  const watcher = await Watcher.of(world, relay, [everything]);
  using second = await Watcher.of(world, relay, [everything]);
  assert.equal(await triggers(world), 4);
  await age(world);
  watcher.raw.push(watcher.topic, "phx_leave", {}, watcher.joinRef);
  await watcher.raw.event("phx_close");
  watcher[Symbol.dispose]();
  await world.pool.query("insert into public.notes (id) values (1)");
  await second.next();
  assert.equal(await triggers(world), 4);
  second[Symbol.dispose]();
  await until(async () => (await triggers(world)) === 0);
  await world.pool.query("truncate realtime.changes; insert into public.notes (id) values (2)");
  assert.equal((await world.pool.query("select from realtime.changes")).rowCount, 0);
  using again = await Watcher.of(world, relay, [everything]);
  await world.pool.query("insert into public.notes (id) values (3)");
  assert.equal((await again.next()).data.record.id, 3);
});

test("triggers stay while another relay watches or a young one may, and are swept when their relays died", async () => {
  await using world = await openNotes();
  await using first = await startWatching(world, 0);
  await using second = await startWatching(world, 0);
  using one = await Watcher.of(world, first, [everything]);
  using two = await Watcher.of(world, second, [everything]);
  await age(world);
  one[Symbol.dispose]();
  await until(async () => (await watches(world)) === 1);
  await world.pool.query("insert into public.notes (id) values (1)");
  assert.equal((await two.next()).data.record.id, 1);
  assert.equal(await triggers(world), 4);

  await world.pool.query("update realtime.relays set started_at = now()");
  two[Symbol.dispose]();
  await until(async () => (await watches(world)) === 0);
  assert.equal(await triggers(world), 4);
  await world.pool.query("select realtime.sweep_watches()");
  assert.equal(await triggers(world), 4);
  await age(world);
  await world.pool.query("select realtime.sweep_watches()");
  assert.equal(await triggers(world), 0);
});

test("the join waits for a writer that was there before, and nothing later is missed", async () => {
  await using world = await openNotes();
  await using relay = await startWatching(world);
  const writer = await world.pool.connect();
  await writer.query("begin; insert into public.notes (id) values (1)");
  const joining = Watcher.of(world, relay, [everything]);
  await untilBlocked(world.pool);
  await writer.query("commit; insert into public.notes (id) values (2)");
  using watcher = await joining;
  await writer.query("insert into public.notes (id) values (3)");
  writer.release();
  assert.equal((await watcher.changes.next(({ data }) => data.record.id === 3)).data.type, "INSERT");
});

test("a table whose writer does not end refuses the join in time, and the writer is not held up", async () => {
  await using world = await openNotes();
  await using relay = await startWatching(world);
  const writer = await world.pool.connect();
  await writer.query("begin; insert into public.notes (id) values (1)");
  const options = { more: { postgres_changes_options: { wait: true, timeout: 500 } } };
  await assert.rejects(Watcher.open(world, relay, [everything], options), {
    message:
      "PostgresChangesSubscribeTimeout: Timed out after 500ms waiting for the postgres_changes subscription",
  });
  await writer.query("insert into public.notes (id) values (2); rollback");
  writer.release();
  using watcher = await Watcher.of(world, relay, [everything], options);
  await world.pool.query("insert into public.notes (id) values (3)");
  assert.equal((await watcher.next()).data.record.id, 3);
});

test("a table that is published later comes alive, and one that is dropped says so", async () => {
  await using world = await openNotes();
  await using relay = await startWatching(world);
  await world.pool.query(
    "create table public.later (id int primary key); grant select on public.later to anon",
  );
  using watcher = await Watcher.open(world, relay, [{ event: "*", schema: "public", table: "later" }]);
  assert.match((await watcher.systems.next()).message, /Unable to subscribe/);
  await world.pool.query("alter publication supabase_realtime add table public.later");
  assert.equal((await watcher.systems.next()).message, "Subscribed to PostgreSQL");
  await world.pool.query("insert into public.later values (1)");
  assert.equal((await watcher.next()).data.record.id, 1);
  await world.pool.query("drop table public.later");
  const { status, message } = await watcher.systems.next();
  assert.deepEqual([status, /Unable to subscribe/.test(message)], ["error", true]);
});

test("lost triggers are made again and the subscribers are told; lost entries are made again in silence", async () => {
  await using world = await openNotes();
  await using relay = await startWatching(world);
  using watcher = await Watcher.of(world, relay, [everything]);
  await world.pool.query("delete from realtime.watches");
  await until(async () => (await watches(world)) === 1);
  assert.equal(watcher.systems.all.length, 1);
  await world.pool.query("alter table public.notes disable trigger all");
  assert.equal(
    (await watcher.systems.next()).message,
    "Changes of public.notes may have been missed, its triggers were gone: read the table again",
  );
  await world.pool.query("insert into public.notes (id) values (1)");
  assert.equal((await watcher.next()).data.record.id, 1);
});

test("two relays whose connections are killed miss nothing, double nothing and keep each row's order", async () => {
  await using world = await openNotes();
  await using first = await startWatching(world);
  await using second = await startWatching(world);
  using one = await Watcher.of(world, first, [everything]);
  using two = await Watcher.of(world, second, [everything]);
  await world.pool.query("insert into public.notes (id, rank) select n, 0 from generate_series(1, 20) n");
  const storm = new AbortController();
  const killed = terminateRelays(world, storm.signal);
  const writers = Array.from({ length: 6 }, async () => {
    const database = await world.pool.connect();
    for (let n = 0; n < 60; n += 1) {
      await database.query("begin");
      await database.query("update public.notes set rank = rank + 1 where id = 1 + floor(random() * 20)");
      if (n % 5 === 0) await database.query("select pg_sleep(random() * 0.02)");
      await database.query(n % 10 === 9 ? "rollback" : "commit");
    }
    database.release();
  });
  await Promise.all(writers).finally(() => storm.abort());
  assert.ok((await killed) > 0);
  await world.pool.query("insert into public.notes (id) values (99)");
  const { rows } = await world.pool.query("select sum(rank)::int as n from public.notes");
  assert.ok(rows[0].n >= 100);
  for (const { changes } of [one, two]) {
    await changes.next(({ data }) => data.record?.id === 99, "the last change");
    const ranks = new Map<number, number>();
    const updates = changes.all.filter(({ data }) => data.type === "UPDATE");
    for (const { data } of updates) {
      assert.equal(data.record.rank, (ranks.get(data.record.id) ?? 0) + 1, `row ${data.record.id}`);
      ranks.set(data.record.id, data.record.rank);
    }
    assert.equal(updates.length, rows[0].n);
  }
});

test("a client that rejoins after a crash of its channel goes on", async () => {
  await using world = await openNotes();
  await using relay = await startWatching(world);
  using client = await openClient(world, relay);
  const channel = client.realtime.channel("again");
  let heard = 0;
  channel.on("postgres_changes", { event: "*", schema: "public", table: "notes" }, () => {
    heard += 1;
  });
  await subscribed(channel);
  await channel.unsubscribe();
  const second = client.realtime.channel("again");
  second.on("postgres_changes", { event: "INSERT", schema: "public", table: "notes" }, () => {
    heard += 10;
  });
  await subscribed(second);
  await world.pool.query("insert into public.notes (id) values (1)");
  await until(() => heard > 0);
  assert.equal(heard, 10);
});

async function triggers(world: World): Promise<number> {
  const { rows } = await world.pool.query(
    "select count(*)::int as n from pg_trigger where tgrelid = 'public.notes'::regclass and not tgisinternal",
  );
  return rows[0].n;
}

async function watches(world: World): Promise<number> {
  return (await world.pool.query("select from realtime.watches")).rowCount ?? 0;
}

/** A young relay keeps all triggers where they are. */
async function age(world: World): Promise<void> {
  await world.pool.query("update realtime.relays set started_at = now() - interval '1 hour'");
}

async function terminateRelays(world: World, signal: AbortSignal): Promise<number> {
  let killed = 0;
  while (!signal.aborted) {
    const { rowCount } = await world.pool.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where datname = current_database() and application_name like 'howdah:relay%' and random() < 0.3`,
    );
    killed += rowCount ?? 0;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return killed;
}
