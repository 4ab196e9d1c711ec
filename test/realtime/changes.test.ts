import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import type { RealtimePostgresChangesPayload } from "@supabase/realtime-js";
import type { World } from "../support/world.ts";
import { type Change, everything, openNotes, startWatching, Watcher } from "./changes.ts";
import { Inbox } from "./inbox.ts";
import { openClient, type RunningRelay, subscribed } from "./relays.ts";

// What subscribers of a table are told, and in which form.

let world: World;
let relay: RunningRelay;

before(async () => {
  world = await openNotes();
  relay = await startWatching(world);
});

// Past the triggers: under load, a delete between two tests would be told to the watcher of the next one.
beforeEach(() =>
  world.pool.query("begin; set local session_replication_role = replica; delete from public.notes; commit"),
);

after(async () => {
  await relay[Symbol.asyncDispose]();
  await world[Symbol.asyncDispose]();
});

// biome-ignore lint/suspicious/noExplicitAny: whatever came over the wire, to be compared
type Payload = RealtimePostgresChangesPayload<any> & { new: any; old: any };

test("the client hears of inserts, updates and deletes, each by its own binding and by *", async () => {
  using client = await openClient(world, relay);
  const channel = client.realtime.channel("notes");
  const heard = {
    "*": new Inbox<Payload>(),
    INSERT: new Inbox<Payload>(),
    UPDATE: new Inbox<Payload>(),
    DELETE: new Inbox<Payload>(),
  };
  const table = { schema: "public", table: "notes" };
  channel.on("postgres_changes", { event: "*", ...table }, (change) => heard["*"].push(change));
  channel.on("postgres_changes", { event: "INSERT", ...table }, (change) => heard.INSERT.push(change));
  channel.on("postgres_changes", { event: "UPDATE", ...table }, (change) => heard.UPDATE.push(change));
  channel.on("postgres_changes", { event: "DELETE", ...table }, (change) => heard.DELETE.push(change));
  const systems = new Inbox<{ message: string }>();
  channel.on("system", {}, (message) => systems.push(message));
  assert.deepEqual(await subscribed(channel), { status: "SUBSCRIBED", message: undefined });
  assert.equal((await systems.next()).message, "Subscribed to PostgreSQL");

  await world.pool.query("insert into public.notes (id, room, tags) values (1, 'a', '{x,y}')");
  await world.pool.query("update public.notes set room = 'b' where id = 1");
  await world.pool.query("delete from public.notes where id = 1");
  const [inserted, updated, deleted] = [
    await heard.INSERT.next(),
    await heard.UPDATE.next(),
    await heard.DELETE.next(),
  ];
  assert.deepEqual(
    [inserted.new.id, inserted.new.room, inserted.new.tags, inserted.old],
    [1, "a", ["x", "y"], {}],
  );
  assert.deepEqual([updated.new.room, updated.old], ["b", { id: 1 }]);
  assert.deepEqual([deleted.new, deleted.old], [{}, { id: 1 }]);
  assert.equal(new Date(inserted.commit_timestamp).toISOString(), inserted.commit_timestamp);
  assert.deepEqual([inserted.schema, inserted.table, inserted.errors], ["public", "notes", null]);
  for (const type of ["INSERT", "UPDATE", "DELETE"]) assert.equal((await heard["*"].next()).eventType, type);
  assert.deepEqual(
    [heard.INSERT, heard.UPDATE, heard.DELETE].map(({ all }) => all.length),
    [1, 1, 1],
  );
});

test("the reply has every binding as it was sent with its id, and one message has all ids that match", async () => {
  const bindings = [
    everything,
    { event: "INSERT", schema: "public", table: "notes", filter: "id=gt.5", extra: 1 },
  ];
  using watcher = await Watcher.of(world, relay, bindings);
  const [first, second] = watcher.echo;
  assert.deepEqual(watcher.echo, [
    { ...bindings[0], id: first.id },
    { ...bindings[1], id: second.id },
  ]);
  await world.pool.query("insert into public.notes (id) values (5), (6)");
  assert.deepEqual((await watcher.next()).ids, [first.id]);
  assert.deepEqual((await watcher.next()).ids.sort(), [first.id, second.id].sort());
  using again = await Watcher.of(world, relay, bindings);
  assert.deepEqual(again.echo, watcher.echo);
});

test("an event has the columns in their order with their types, and numbers with all their digits", async () => {
  // What was committed just before a join may still come: of other rows, here.
  const binding = { ...everything, filter: "id=eq.9007199254740993" };
  using watcher = await Watcher.of(world, relay, [binding]);
  await world.pool.query(`
    insert into public.notes values (9007199254740993, 'r', -1, 12345678901234567890.123456789, true, '{a}', '{"b": [1]}',
      '2026-01-02 03:04:05+00')`);
  const { data } = await watcher.next();
  assert.deepEqual(data.columns, [
    { name: "id", type: "int8" },
    { name: "room", type: "text" },
    { name: "rank", type: "int4" },
    { name: "price", type: "numeric" },
    { name: "done", type: "bool" },
    { name: "tags", type: "_text" },
    { name: "body", type: "jsonb" },
    { name: "at", type: "timestamptz" },
  ]);
  assert.deepEqual(
    [data.record.tags, data.record.body, data.record.done, data.record.rank],
    [["a"], { b: [1] }, true, -1],
  );
  const { rows } = await world.pool.query(
    "select record from realtime.changes where record ->> 'id' = '9007199254740993'",
  );
  assert.equal(rows.length, 1);
  const frame = watcher.frames.find(
    (text) => text.includes("postgres_changes") && text.includes("commit_timestamp"),
  );
  assert.match(frame ?? "", /"id": 9007199254740993,/);
  assert.match(frame ?? "", /12345678901234567890\.123456789/);
});

test("a row that is gone again is told all the same, and what is rolled back is not", async () => {
  using watcher = await Watcher.of(world, relay, [everything]);
  await world.pool.query("begin; insert into public.notes (id) values (1); rollback");
  await world.pool.query("insert into public.notes (id) values (2)");
  await world.pool.query("delete from public.notes where id = 2");
  await world.pool.query(
    "begin; insert into public.notes (id) values (3); delete from public.notes where id = 3; commit",
  );
  const seen = [];
  for (let n = 0; n < 4; n += 1) seen.push(await watcher.next());
  assert.deepEqual(
    seen.map(({ data }) => [data.type, (data.record ?? data.old_record).id]),
    [
      ["INSERT", 2],
      ["DELETE", 2],
      ["INSERT", 3],
      ["DELETE", 3],
    ],
  );
});

const rows = `
  (1, 'alpha', 10, 1.5, true), (2, 'Beta', 9, 2.25, false), (3, 'gamma, delta', 100, null, null), (4, null, null, 0, true)`;

const filters: [filter: string, ids: number[]][] = [
  ["", [1, 2, 3, 4]],
  ["room=eq.alpha", [1]],
  ['room=eq."gamma, delta"', [3]],
  ["room=neq.alpha", [2, 3]],
  ["room=not.eq.alpha", [2, 3]],
  ["rank=lt.100", [1, 2]],
  ["rank=lte.100", [1, 2, 3]],
  ["rank=gt.9", [1, 3]],
  ["rank=not.gt.9", [2]],
  ["rank=gte.9", [1, 2, 3]],
  ["price=eq.1.50", [1]],
  ["room=in.(alpha,Beta)", [1, 2]],
  ['room=in.("gamma, delta",alpha)', [1, 3]],
  ["room=not.in.(alpha,Beta)", [3]],
  ["id=in.(1,4,99)", [1, 4]],
  ["room=like.%a", [1, 2, 3]],
  ["room=not.like.b%", [1, 2, 3]],
  ["room=ilike.b%", [2]],
  ["room=not.ilike.b%", [1, 3]],
  ["room=match.^[a-g]", [1, 3]],
  ["room=not.match.^[a-g]", [2]],
  ["room=imatch.^[A-B]", [1, 2]],
  ["room=is.null", [4]],
  ["room=not.is.null", [1, 2, 3]],
  ["done=is.true", [1, 4]],
  ["done=is.false", [2]],
  ["done=is.unknown", [3]],
  ["done=not.is.true", [2, 3]],
  ["done=eq.true", [1, 4]],
  ["rank=isdistinct.10", [2, 3, 4]],
  ["rank=not.isdistinct.10", [1]],
  ["rank=isdistinct.null", [1, 2, 3]],
  ["rank=gt.9,room=like.a%", [1]],
  ["rank=gte.9,rank=lt.100,room=not.eq.alpha", [2]],
];

test("every operator compares in the column's type, alone, negated and together", async () => {
  const bindings = filters.map(([filter]) => ({ event: "INSERT", schema: "public", table: "notes", filter }));
  using watcher = await Watcher.of(world, relay, bindings);
  await world.pool.query(`insert into public.notes (id, room, rank, price, done) values ${rows}`);
  const told: Change[] = [];
  for (let n = 0; n < 4; n += 1) told.push(await watcher.next());
  for (const [index, [filter, ids]] of filters.entries()) {
    const matching = told.filter((change) => change.ids.includes(watcher.echo[index].id));
    assert.deepEqual(
      matching.map(({ data }) => data.record.id),
      ids,
      filter,
    );
  }
});

test("an update is judged by the new row, a delete by the old one", async () => {
  using watcher = await Watcher.of(world, relay, [{ ...everything, filter: "room=eq.here" }]);
  await world.pool.query("insert into public.notes (id, room) values (1, 'here'), (2, 'there'), (3, 'here')");
  await world.pool.query("update public.notes set room = 'there' where id = 1");
  await world.pool.query("update public.notes set room = 'here' where id = 2");
  await world.pool.query("delete from public.notes where id in (1, 3)");
  const seen = [];
  for (let n = 0; n < 4; n += 1) seen.push(await watcher.next());
  assert.deepEqual(
    seen.map(({ data }) => [data.type, (data.record ?? data.old_record).id]),
    [
      ["INSERT", 1],
      ["INSERT", 3],
      ["UPDATE", 2],
      ["DELETE", 3],
    ],
  );
});

test("select cuts the columns but for the key, and each choice of columns gets its own message", async () => {
  const bindings = [
    { ...everything, select: ["room"] },
    { ...everything, select: ["rank"], event: "INSERT" },
  ];
  using watcher = await Watcher.of(world, relay, bindings);
  await world.pool.query("insert into public.notes (id, room, rank) values (1, 'a', 7)");
  const changes = [await watcher.next(), await watcher.next()];
  const records = watcher.echo.map(({ id }) => changes.find(({ ids }) => ids.includes(id))?.data);
  assert.deepEqual(
    records.map(({ record }) => record),
    [
      { id: 1, room: "a" },
      { id: 1, rank: 7 },
    ],
  );
  assert.deepEqual(records[0].columns, [
    { name: "id", type: "int8" },
    { name: "room", type: "text" },
  ]);
});

test("wildcards stand for every published table that may be read, also for one published later", async () => {
  await world.pool.query(`
    create schema other;
    create table other.things (id int primary key); create table other.secrets (id int primary key);
    grant usage on schema other to anon; grant select on other.things to anon;
    alter publication supabase_realtime add table other.things, other.secrets`);
  using watcher = await Watcher.of(world, relay, [
    { event: "*", schema: "other" },
    { event: "*", schema: "*", table: "notes" },
    { event: "*", schema: "*", table: "*" },
  ]);
  const [inOther, notes, all] = watcher.echo.map(({ id }) => id);
  await world.pool.query("insert into other.secrets values (1)");
  await world.pool.query("insert into other.things values (1)");
  await world.pool.query("insert into public.notes (id) values (1)");
  const first = await watcher.next();
  assert.deepEqual([first.data.table, first.ids.sort()], ["things", [inOther, all].sort()]);
  const second = await watcher.next();
  assert.deepEqual([second.data.table, second.ids.sort()], ["notes", [notes, all].sort()]);

  await world.pool.query(`create table other.later (id int primary key); grant select on other.later to anon;
    alter publication supabase_realtime add table other.later`);
  await watcher.systems.next(({ status }) => status === "ok");
  await world.pool.query("insert into other.later values (1)");
  assert.equal((await watcher.next()).data.table, "later");
});

test("a binding that cannot be is told with the reason, and the others live", async () => {
  await world.pool.query(
    "create table public.unpublished (id int primary key); grant select on public.unpublished to anon",
  );
  await world.pool.query(`create table public.hidden (id int primary key, seen text, unseen text); grant select (id, seen) on public.hidden to anon;
    create table public.closed (id int primary key);
    alter publication supabase_realtime add table public.hidden, public.closed`);
  const bad: [object, RegExp][] = [
    [
      { table: "unpublished" },
      /Unable to subscribe to changes with given parameters\. Please check Realtime is enabled.*table: unpublished/,
    ],
    [{ table: "nowhere" }, /Please check Realtime is enabled/],
    [{ table: "closed" }, /permission denied for table public\.closed/],
    [
      { table: "notes", filter: "nope=eq.1" },
      /column "nope" does not exist in public\.notes or may not be read/,
    ],
    [{ table: "hidden", filter: "unseen=eq.1" }, /column "unseen" .* may not be read/],
    [{ table: "hidden", select: ["unseen"] }, /column "unseen" .* may not be read/],
    [{ table: "notes", filter: "rank=eq.many" }, /invalid input syntax for type integer: "many"/],
    [{ table: "notes", filter: "rank=in.(1,many)" }, /invalid input syntax for type integer/],
    [{ table: "notes", filter: "rank=like.1%" }, /operator does not exist: integer ~~ text/],
    [{ table: "notes", filter: "tags=in.(a)" }, /malformed array literal|cannot cast|array/],
    [{ table: "notes", filter: "room=match.(" }, /invalid regular expression/],
    [{ table: "notes", filter: "room=like.abc\\" }, /must not end with a backslash/],
    [{ table: "notes", filter: "rank=is.true" }, /must be type boolean/],
    [{ table: "notes", filter: "room=eq" }, /Error parsing `filter` params: \["eq",null\]/],
    [{ table: "*", schema: "public", select: ["id"] }, /wildcard/],
  ];
  for (const [binding, reason] of bad) {
    using watcher = await Watcher.open(world, relay, [{ event: "*", ...binding }, everything]);
    const { status, message, extension } = await watcher.systems.next();
    assert.deepEqual([status, extension], ["error", "postgres_changes"], JSON.stringify(binding));
    assert.match(message, reason, JSON.stringify(binding));
    assert.equal((await watcher.systems.next()).status, "ok");
    assert.equal(watcher.echo.length, 2);
    await world.pool.query(
      "delete from public.notes; insert into public.notes (id, rank, room) values (1, 1, 'a')",
    );
    assert.deepEqual((await watcher.changes.next(({ data }) => data.type === "INSERT")).ids, [
      watcher.echo[1].id,
    ]);
  }
  using fine = await Watcher.of(world, relay, [
    { event: "*", table: "hidden", filter: "seen=eq.x", select: ["seen"] },
  ]);
  await world.pool.query("insert into public.hidden values (1, 'x', 'secret')");
  assert.deepEqual((await fine.next()).data.record, { id: 1, seen: "x" });
});

test("values are values: nothing in a filter becomes SQL", async () => {
  const value = `a'; drop table public.notes; --" $1 %s \\`;
  const filter = `room=eq."${value.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
  using watcher = await Watcher.of(world, relay, [{ ...everything, filter }]);
  await world.pool.query("insert into public.notes (id, room) values (1, 'other'), (2, $1)", [value]);
  assert.equal((await watcher.next()).data.record.room, value);
  using odd = await Watcher.open(world, relay, [{ ...everything, filter: 'x" from pg_class; --=eq.1' }]);
  assert.match((await odd.systems.next()).message, /does not exist/);
});

test("more rows in one statement than the limit are told with a message, and TRUNCATE too; no silence", async () => {
  using watcher = await Watcher.of(world, relay, [{ ...everything, event: "INSERT", filter: "id=eq.-1" }]);
  using deletes = await Watcher.of(world, relay, [{ ...everything, event: "DELETE" }]);
  await world.pool.query("insert into public.notes (id) select generate_series(1, 100000)");
  assert.deepEqual(await watcher.systems.next(), {
    extension: "postgres_changes",
    status: "error",
    message:
      "100000 rows of public.notes changed in one INSERT and are not told one by one: read the table again",
    channel: "watch",
  });
  await world.pool.query("truncate public.notes");
  assert.equal((await deletes.systems.next()).message, "public.notes was truncated: read the table again");
  await world.pool.query("insert into public.notes (id) values (-1)");
  assert.equal((await watcher.next()).data.record.id, -1);
  assert.deepEqual(
    [watcher.systems.all.length, deletes.systems.all.length, watcher.changes.all.length],
    [2, 2, 1],
  );
});

test("twenty thousand rows in statements of a thousand are all told, in order", async () => {
  using watcher = await Watcher.of(world, relay, [{ ...everything, event: "INSERT" }]);
  for (let n = 0; n < 20_000; n += 1000) {
    await world.pool.query(
      "insert into public.notes (id, room) select n, repeat('x', 100) from generate_series($1::int + 1, $1::int + 1000) n",
      [n],
    );
  }
  const ids = await watcher.until(({ data }) => data.record.id === 20_000);
  assert.deepEqual(
    ids,
    Array.from({ length: 20_000 }, (_, n) => n + 1),
  );
});

test("a row of more than 1 MB is told with its short values only", async () => {
  using watcher = await Watcher.of(world, relay, [everything]);
  await world.pool.query("insert into public.notes (id, room, rank) values (1, repeat('x', 1100000), 3)");
  const { data } = await watcher.next();
  assert.deepEqual(data.errors, ["Error 413: Payload Too Large"]);
  assert.deepEqual([data.record.id, data.record.rank, "room" in data.record], [1, 3, false]);
  await world.pool.query("insert into public.notes (id, room) values (2, repeat('x', 900000))");
  const fits = (await watcher.next()).data;
  assert.deepEqual([fits.errors, fits.record.room.length], [null, 900_000]);
});

test("a broadcast and a row change share a channel, with vsn 1.0.0 too", async () => {
  using client = await openClient(world, relay, { vsn: "1.0.0" });
  const channel = client.realtime.channel("both");
  const [changes, messages] = [new Inbox<Payload>(), new Inbox<unknown>()];
  channel.on("postgres_changes", everything as { event: "*"; schema: string; table: string }, (change) =>
    changes.push(change),
  );
  channel.on("broadcast", { event: "e" }, (message) => messages.push(message));
  await subscribed(channel);
  await world.pool.query(
    "insert into public.notes (id) values (1); select realtime.send('{}', 'e', 'both', false)",
  );
  assert.equal(((await changes.next()).new as { id: number }).id, 1);
  await messages.next();
});
