import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import type pg from "pg";
import { openWorld, type World } from "../support/world.ts";

// What the triggers on a watched table write into the log.

let world: World;
let database: pg.PoolClient;
const relay = crypto.randomUUID();

before(async () => {
  world = await openWorld();
  database = await world.pool.connect();
  await world.pool.query("insert into realtime.relays (id, beat) values ($1, now() + interval '1 day')", [
    relay,
  ]);
});

beforeEach(async () => {
  await database.query("drop schema if exists t cascade; create schema t; truncate realtime.changes");
});

after(async () => {
  database.release();
  await world[Symbol.asyncDispose]();
});

const rows = "create table t.rows (id int primary key, name text)";

test("a statement is logged row by row, and old and new row belong together", async () => {
  await watched(rows);
  await database.query("insert into t.rows select n, 'a' || n from generate_series(1, 3) n");
  await database.query("update t.rows set id = id + 10, name = name || '!' where id >= 2");
  await database.query("delete from t.rows where id = 1");
  await database.query("delete from t.rows where id = 1");
  assert.deepEqual(await logged(), [
    ["INSERT", null, { id: 1, name: "a1" }],
    ["INSERT", null, { id: 2, name: "a2" }],
    ["INSERT", null, { id: 3, name: "a3" }],
    ["UPDATE", { id: 2, name: "a2" }, { id: 12, name: "a2!" }],
    ["UPDATE", { id: 3, name: "a3" }, { id: 13, name: "a3!" }],
    ["DELETE", { id: 1, name: "a1" }, null],
  ]);
});

test("ten thousand rows of one update are paired, in a shuffled table, after a plan for one row was kept", async () => {
  await watched(rows);
  await database.query("insert into t.rows values (10000, '0')");
  for (let n = 0; n < 7; n += 1) await database.query("update t.rows set name = name where id = 10000");
  await database.query(
    "insert into t.rows select n, n::text from generate_series(1, 9999) n order by random()",
  );
  const since = performance.now();
  await database.query("update t.rows set id = -id, name = (id * 2)::text");
  assert.ok(performance.now() - since < 5000);
  const { rows: found } = await database.query(`
    select count(*)::int as n, count(distinct record -> 'id')::int as different from realtime.changes
    where operation = 'UPDATE' and record ->> 'id' = (-(old_record ->> 'id')::int)::text
      and record ->> 'name' = ((old_record ->> 'id')::int * 2)::text`);
  assert.deepEqual(found, [{ n: 10_000, different: 10_000 }]);
});

test("INSERT ON CONFLICT DO UPDATE logs each row as what became of it", async () => {
  await watched(rows);
  await database.query("insert into t.rows values (1, 'a'), (3, 'c')");
  await database.query(`
    insert into t.rows values (1, 'x'), (2, 'y'), (3, 'z') on conflict (id) do update set name = excluded.name || t.rows.name`);
  const log = (await logged()).slice(2);
  assert.deepEqual(
    log.filter(([operation]) => operation === "INSERT"),
    [["INSERT", null, { id: 2, name: "y" }]],
  );
  assert.deepEqual(
    log.filter(([operation]) => operation === "UPDATE"),
    [
      ["UPDATE", { id: 1, name: "a" }, { id: 1, name: "xa" }],
      ["UPDATE", { id: 3, name: "c" }, { id: 3, name: "zc" }],
    ],
  );
});

test("MERGE logs its inserts, updates and deletes", async () => {
  await watched(rows);
  await database.query("insert into t.rows select n, 'old' from generate_series(1, 4) n");
  await database.query(`
    merge into t.rows r using (select n from generate_series(2, 6) n) s on r.id = s.n
    when matched and s.n = 2 then delete
    when matched then update set name = 'new' || s.n
    when not matched then insert values (s.n, 'made')`);
  assert.deepEqual(
    (await logged())
      .slice(4)
      .map((entry) => JSON.stringify(entry))
      .sort(),
    [
      '["DELETE",{"id":2,"name":"old"},null]',
      '["INSERT",null,{"id":5,"name":"made"}]',
      '["INSERT",null,{"id":6,"name":"made"}]',
      '["UPDATE",{"id":3,"name":"old"},{"id":3,"name":"new3"}]',
      '["UPDATE",{"id":4,"name":"old"},{"id":4,"name":"new4"}]',
    ],
  );
});

const partitioned = `
  create table t.rows (id int, name text, primary key (id)) partition by range (id);
  create table t.low (name text, id int not null);
  alter table t.rows attach partition t.low for values from (0) to (100);
  create table t.high partition of t.rows for values from (100) to (200)`;

test("rows of a partitioned table are logged under its name, moved rows as one update", async () => {
  await watched(partitioned);
  await database.query("insert into t.rows values (1, 'a'), (150, 'b'), (2, 'c')");
  await database.query("update t.rows set id = id + 100, name = name || '!' where id < 100");
  await database.query("insert into t.low (id, name) values (7, 'direct')");
  await database.query("delete from t.high where id = 150");
  const { rows: relations } = await database.query(
    "select distinct relation::regclass::text as name from realtime.changes",
  );
  assert.deepEqual(relations, [{ name: "t.rows" }]);
  assert.deepEqual((await logged()).slice(3), [
    ["UPDATE", { id: 1, name: "a" }, { id: 101, name: "a!" }],
    ["UPDATE", { id: 2, name: "c" }, { id: 102, name: "c!" }],
    ["INSERT", null, { id: 7, name: "direct" }],
    ["DELETE", { id: 150, name: "b" }, null],
  ]);
});

test("a moved row that its new partition refuses is not paired with another's", async () => {
  await watched(`${partitioned};
    create function t.refuse() returns trigger language plpgsql as 'begin return case when new.id = 101 then null else new end; end';
    create trigger refuse before insert on t.high for each row execute function t.refuse()`);
  await database.query("insert into t.rows values (1, 'a'), (2, 'b'), (3, 'c')");
  await database.query("update t.rows set id = id + 100");
  const { rows: last } = await database.query(
    "select operation, rows, record from realtime.changes order by id desc limit 1",
  );
  assert.deepEqual(last, [{ operation: "UPDATE", rows: "3", record: null }]);
});

test("what a row trigger changes in its own table is logged after the change that fired it", async () => {
  await watched(`${rows};
    create function t.again() returns trigger language plpgsql as $$
      begin
        if tg_op = 'INSERT' then update t.rows set name = name || '+' where id = new.id;
        elsif tg_op = 'DELETE' and old.name <> 'back' then insert into t.rows values (old.id, 'back');
        elsif tg_op = 'UPDATE' and length(new.name) < 4 then update t.rows set name = name || '+' where id = new.id;
        end if;
        return null;
      end $$;
    create trigger again after insert or update or delete on t.rows for each row execute function t.again()`);
  await database.query("insert into t.rows values (1, 'a'), (2, 'bbb')");
  await database.query("delete from t.rows where id = 2");
  const of = (log: unknown[][], id: number) =>
    log.filter(([, before, now]) => ((now ?? before) as { id: number }).id === id);
  const log = await logged();
  assert.deepEqual(
    of(log, 1).map(([operation, , now]) => [operation, (now as { name: string }).name]),
    [
      ["INSERT", "a"],
      ["UPDATE", "a+"],
      ["UPDATE", "a++"],
      ["UPDATE", "a+++"],
    ],
  );
  assert.deepEqual(
    of(log, 2).map(([operation, before, now]) => [operation, ((now ?? before) as { name: string }).name]),
    [
      ["INSERT", "bbb"],
      ["UPDATE", "bbb+"],
      ["DELETE", "bbb+"],
      ["INSERT", "back"],
      ["UPDATE", "back+"],
    ],
  );
});

test("rows that a foreign key deletes are logged, and rolled-back ones are not", async () => {
  await watched(`create table t.parents (id int primary key); insert into t.parents values (1);
    create table t.rows (id int primary key, parent int references t.parents on delete cascade)`);
  await database.query("insert into t.rows values (1, 1), (2, 1)");
  await database.query("begin; delete from t.parents; rollback");
  await database.query("begin; savepoint a; delete from t.rows; rollback to a; commit");
  assert.equal((await logged()).length, 2);
  await database.query("delete from t.parents");
  assert.deepEqual((await logged()).slice(2), [
    ["DELETE", { id: 1, parent: 1 }, null],
    ["DELETE", { id: 2, parent: 1 }, null],
  ]);
});

test("more rows than the setting allows are logged as a number, and so is TRUNCATE, once", async () => {
  await watched(partitioned);
  await database.query("set realtime.max_changed_rows = 3");
  await database.query("insert into t.rows select n, '' from generate_series(1, 3) n");
  await database.query("update t.rows set name = 'x'");
  await database.query("insert into t.rows select n, '' from generate_series(11, 14) n");
  await database.query("update t.rows set name = 'y'");
  await database.query("delete from t.rows where id > 1");
  await database.query("reset realtime.max_changed_rows");
  await database.query("truncate t.rows");
  const { rows: summaries } = await database.query(
    "select operation, rows::int from realtime.changes where record is null and old_record is null order by id",
  );
  assert.deepEqual(summaries, [
    { operation: "INSERT", rows: 4 },
    { operation: "UPDATE", rows: 7 },
    { operation: "DELETE", rows: 6 },
    { operation: "TRUNCATE", rows: 0 },
  ]);
  assert.equal((await logged()).length, 3 + 3);
});

test("a log that cannot be written warns, and the writer's statement goes through", async () => {
  await watched(rows);
  const warnings: string[] = [];
  database.on("notice", ({ message }) => warnings.push(String(message)));
  await database.query("set realtime.max_changed_rows = 'nonsense'");
  await database.query("insert into t.rows values (1, 'a')");
  await database.query("reset realtime.max_changed_rows");
  assert.match(warnings.join(), /told without its rows: invalid input syntax/);
  const { rows: log } = await database.query("select operation, rows::int, record from realtime.changes");
  assert.deepEqual(log, [{ operation: "INSERT", rows: 0, record: null }]);

  await database.query("alter table realtime.changes rename to elsewhere");
  await database.query("insert into t.rows values (2, 'b')");
  await database.query("alter table realtime.elsewhere rename to changes");
  assert.match(warnings.join(), /is not told/);
  assert.equal((await database.query("select from t.rows")).rowCount, 2);
});

test("a writer wakes the relays once per statement that changed something, unless it does so itself", async (t) => {
  await watched(rows);
  const listener = await world.pool.connect();
  t.after(() => listener.release(true));
  let woken = 0;
  listener.on("notification", () => {
    woken += 1;
  });
  await listener.query("listen howdah_wake");
  await database.query("insert into t.rows values (1, 'a')");
  await listener.query("select 1");
  assert.equal(woken, 1);
  await database.query("update t.rows set name = 'x' where id = 99");
  await database.query(
    "begin; set local realtime.wake = 'caller'; insert into t.rows values (2, 'b'); commit",
  );
  await listener.query("select 1");
  assert.equal(woken, 1);
});

test("dropped columns, odd names and odd types are logged", async () => {
  await database.query('create schema if not exists "T x"; drop table if exists "T x"."R r"');
  await database.query(
    `create table "T x"."R r" (gone int, "Ä ""b" text, n numeric, f float8, r int4range, d date, b bytea)`,
  );
  await database.query('alter table "T x"."R r" drop column gone');
  await database.query(`select realtime.watch('${relay}', '"T x"."R r"'::regclass)`);
  await database.query(
    `insert into "T x"."R r" values ('e', 'NaN', 'infinity', '[1,3)', 'infinity', '\\x00ff')`,
  );
  assert.deepEqual((await logged())[0]?.[2], {
    'Ä "b': "e",
    ...{ n: "NaN", f: "Infinity", r: "[1,3)", d: "infinity", b: "\\x00ff" },
  });
  await database.query('drop schema "T x" cascade');
});

test("logging anew what is in db/logic leaves watched tables watched", async () => {
  await watched(rows);
  const { readFile, readdir } = await import("node:fs/promises");
  const folder = new URL("../../db/logic/", import.meta.url);
  await database.query("begin");
  for (const name of (await readdir(folder)).sort())
    await database.query(await readFile(new URL(name, folder), "utf8"));
  await database.query("commit");
  await database.query("insert into t.rows values (1, 'a')");
  assert.equal((await logged()).length, 1);
});

test("the feed pages through the log, each change once, and its cursor ends at the newest change", async () => {
  await watched(rows);
  const ask = async (...values: unknown[]) => {
    const text = "select * from realtime.feed_changes($1, array['t.rows'::regclass::bigint], 2, $2, $3)";
    return (await database.query(text, [...values, null, null, null].slice(0, 3))).rows[0];
  };
  const { upto: since } = await ask();
  await database.query("insert into t.rows values (1), (2), (3)");
  const late = await world.pool.connect();
  await late.query("begin; insert into t.rows values (9)");
  await database.query("insert into t.rows values (4), (5)");
  const first = await ask(since);
  await late.query("commit");
  late.release();
  const second = await ask(since, first.upto, first.ids.at(-1));
  const third = await ask(since, second.upto, second.ids.at(-1));
  assert.deepEqual([first.more, second.more, third.more], [true, true, false]);
  const { rows: told } = await database.query(
    "select (record ->> 'id')::int as id from unnest($1::bigint[]) with ordinality as i (id, place) join realtime.changes as c on c.id = i.id order by place",
    [[...first.ids, ...second.ids, ...third.ids]],
  );
  assert.deepEqual(
    told.map(({ id }) => id),
    [1, 2, 3, 4, 5],
  );
  const next = await ask(third.upto);
  assert.equal(next.ids.length, 1);
  for (let n = 0; n < 3; n += 1) await database.query("begin; create table t.burnt (); rollback");
  const { upto } = await ask(next.upto);
  const { rows: newest } = await database.query(
    "select max(xid::text::bigint) + 1 = pg_snapshot_xmax($1)::text::bigint as is_end from realtime.changes",
    [upto],
  );
  assert.deepEqual(newest, [{ is_end: true }]);
});

async function watched(tables: string): Promise<void> {
  await database.query(tables);
  await database.query("select realtime.watch($1, 't.rows'::regclass)", [relay]);
}

async function logged(): Promise<unknown[][]> {
  const { rows: log } = await database.query(
    "select operation, old_record, record from realtime.changes where record is not null or old_record is not null order by id",
  );
  return log.map(({ operation, old_record, record }) => [operation, old_record, record]);
}
