import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { World } from "../support/world.ts";
import { member, openClub, stranger } from "./relays.ts";

type Row = { upto: string | null; topic: string; private: boolean; seq: string; payload: string };

let world: World;

before(async () => {
  world = await openClub();
});

after(() => world[Symbol.asyncDispose]());

test("authorize answers all questions at once", async () => {
  assert.deepEqual(await ask("club:1", member), [true, true, true, true, true, null]);
  assert.deepEqual(await ask("club:1", stranger), [false, false, false, false, false, null]);
  assert.deepEqual(await ask("street", member), [false, false, false, false, false, null]);
});

test("policies can tell broadcast from presence", async () => {
  await world.pool.query(`
    create policy test_see on realtime.messages for select to authenticated
      using (realtime.topic() = 'glass' and extension = 'presence');
    create policy test_say on realtime.messages for insert to authenticated
      with check (realtime.topic() = 'glass' and extension = 'broadcast')`);
  assert.deepEqual(await ask("glass", stranger), [false, true, true, false, false, null]);
});

test("authorize leaves nothing behind: no row, no number, no wake, no role and no setting", async () => {
  const database = await world.pool.connect();
  const woken: unknown[] = [];
  database.on("notification", (notification) => woken.push(notification));
  await database.query("listen howdah_wake");
  await database.query("begin");
  await ask("club:1", member, database);
  const { rows } = await database.query(`
    select current_user = session_user as myself, nullif(current_setting('request.jwt.claims', true), '') as claims,
      realtime.topic() as topic, (select count(*)::int from realtime.messages) as messages,
      (select count(*)::int from realtime.topics) as topics`);
  await database.query("commit");
  await database.query("select 1");
  database.release(true);
  assert.deepEqual(rows, [{ myself: true, claims: null, topic: null, messages: 0, topics: 0 }]);
  assert.deepEqual(woken, []);
});

test("a policy that raises denies, and the reason comes along", async () => {
  await world.pool.query(
    "create policy test_fault on realtime.messages for select to anon using (realtime.topic() <> 'fault' or 1 / length(topic) / 0 > 0)",
  );
  const { rows } = await world.pool.query("select * from realtime.authorize('fault', 'anon', '{}', null)");
  assert.deepEqual([rows[0].read_broadcast, rows[0].reason], [false, "division by zero"]);
});

test("an insert by a client's role is held to the policies and cannot choose its place", async () => {
  const insert =
    "insert into realtime.messages (topic, event, payload, private, extension) values ('club:sql', 'e', '{}', true, 'broadcast')";
  await as(member, "club:sql", insert);
  await assert.rejects(as(stranger, "club:sql", insert), /row-level security/);
  await assert.rejects(
    as(member, "club:sql", insert.replace("(topic", "(seq, topic").replace("('club", "(9, 'club")),
    /permission denied/,
  );
  await as(member, "club:sql", "select realtime.send('{}', 'e', 'club:sql')");
  await as(stranger, "club:sql", "select realtime.send('{}', 'e', 'club:sql')"); // a warning, as in Supabase
  const { rows } = await world.pool.query(
    "select seq from realtime.messages where topic = 'club:sql' order by 1",
  );
  assert.deepEqual(rows, [{ seq: "1" }, { seq: "2" }]);
});

test("the feed brings each message once, and no long transaction holds it up", async () => {
  const [slow, quick] = [await world.pool.connect(), await world.pool.connect()];
  const send = (n: number, topic: string) => ({
    text: "select realtime.send($1, 'e', $2, false)",
    values: [{ n }, topic],
  });
  let upto = await snapshot();
  const read = async () => {
    const { rows } = await world.pool.query("select * from realtime.feed($1)", [upto]);
    upto = rows[0].upto;
    return rows.slice(1).map(({ payload }) => JSON.parse(payload).n);
  };
  await slow.query("begin");
  await slow.query(send(1, "slow"));
  await quick.query(send(2, "quick"));
  assert.deepEqual(await read(), [2]);
  await quick.query(send(3, "quick"));
  assert.deepEqual(await read(), [3]);
  await slow.query("commit");
  assert.deepEqual(await read(), [1]);
  assert.deepEqual(await read(), []);
  slow.release();
  quick.release();
});

test("a large difference comes in pages, each message once, in order, whatever is committed meanwhile", async () => {
  const since = await snapshot();
  const write = (topic: string, from: number, to: number) =>
    world.pool.query(
      "select realtime.send(jsonb_build_object('n', n), 'e', $1, n % 2 = 0) from generate_series($2::int, $3) n",
      [...[topic, from, to]],
    );
  await write("b", 1, 30);
  await write("a", 1, 30);
  const seen: string[] = [];
  let until: string | null = null;
  let after: unknown[] = [null, null, null];
  for (let page = 0; ; page++) {
    const { rows }: { rows: Row[] } = await world.pool.query(
      "select * from realtime.feed($1, 7, $2, $3, $4, $5)",
      [...[since, until, ...after]],
    );
    await write("a", 100 + page, 100 + page); // belongs to the next difference
    until = rows[0]?.upto ?? null;
    for (const { topic, private: isPrivate, payload } of rows.slice(1))
      seen.push(`${topic} ${isPrivate} ${JSON.parse(payload).n}`);
    const last = rows.at(-1) as Row;
    after = [last.topic, last.private, last.seq];
    if (rows.length < 8) break;
  }
  const expected = ["a", "b"].flatMap((topic) =>
    [false, true].flatMap((isPrivate) =>
      Array.from({ length: 15 }, (_, i) => `${topic} ${isPrivate} ${2 * i + (isPrivate ? 2 : 1)}`),
    ),
  );
  assert.deepEqual(seen, expected);
  const { rows } = await world.pool.query("select * from realtime.feed($1)", [until]);
  assert.equal(rows.length - 1, Math.ceil(61 / 7));
});

test("partitions are made ahead, old ones go, and rows in the safety net move to their day", async () => {
  const names = async () => {
    const { rows } = await world.pool.query(
      "select inhrelid::regclass::text as name from pg_inherits where inhparent = 'realtime.messages'::regclass order by 1",
    );
    return rows.map(({ name }) => name as string);
  };
  const day = (offset: number) => {
    const date = new Date(Date.now() + offset * 86_400_000).toISOString().slice(0, 10).replaceAll("-", "_");
    return `realtime.messages_${date}`;
  };
  await world.pool.query(
    "select app.add_partition('realtime', 'messages', 'inserted_at', (now() at time zone 'utc')::date - 9)",
  );
  await world.pool.query(
    `insert into realtime.messages (topic, extension, event, payload, private, inserted_at)
     values ('later', 'broadcast', 'e', '{}', false, (now() at time zone 'utc')::date + 6)`,
  );
  assert.ok((await names()).includes(day(-9)));
  await world.pool.query("select realtime.roll_partitions(7, 3)");
  const now = await names();
  assert.ok(!now.includes(day(-9)));
  for (let offset = -1; offset <= 7; offset += 1) assert.ok(now.includes(day(offset)), day(offset));
  const { rows } = await world.pool.query(
    "select tableoid::regclass::text as name from realtime.messages where topic = 'later'",
  );
  assert.deepEqual(rows, [{ name: day(6) }]);
  const { rows: open } = await world.pool.query(
    "select relname from pg_class where relnamespace = 'realtime'::regnamespace and relkind in ('r', 'p') and not relrowsecurity",
  );
  assert.deepEqual(open, []);
});

test("a silent relay is buried with its members by whoever beats next", async () => {
  const [dead, alive] = [crypto.randomUUID(), crypto.randomUUID()];
  const beat = async (id: string, hold = "1 hour") =>
    (await world.pool.query("select fresh, live from realtime.beat($1, hold => $2)", [id, hold])).rows[0];
  const held = async () =>
    (await world.pool.query("select held_since is not null as held from realtime.presence")).rows;
  assert.deepEqual(await beat(dead), { fresh: true, live: [dead] });
  await world.pool.query(
    `select realtime.gossip_presence($1, '{}', '{}', '{}', '{}', '{r}', '{t}', '{f}', '{k}', array['{}'],
       array[null::uuid])`,
    [dead],
  );
  assert.deepEqual(await held(), [{ held: false }]);
  await world.pool.query("update realtime.relays set beat = now() - interval '16 seconds' where id = $1", [
    dead,
  ]);
  assert.deepEqual(await beat(alive), { fresh: true, live: [alive] });
  assert.deepEqual(await held(), [{ held: true }]);
  assert.deepEqual(await beat(alive, "0"), { fresh: false, live: [alive] });
  assert.deepEqual(await held(), []);
});

type Database = Pick<World["pool"], "query">;

async function ask(topic: string, sub: string, database: Database = world.pool): Promise<unknown[]> {
  const { rows } = await database.query("select * from realtime.authorize($1, 'authenticated', $2, '{}')", [
    topic,
    { sub },
  ]);
  const { read_broadcast, read_presence, write_broadcast, write_presence, write_persistence, reason } =
    rows[0];
  return [read_broadcast, read_presence, write_broadcast, write_presence, write_persistence, reason];
}

async function as(sub: string, topic: string, sql: string): Promise<void> {
  const database = await world.pool.connect();
  try {
    await database.query("begin");
    const settings =
      "select set_config('request.jwt.claims', $1, true), set_config('realtime.topic', $2, true)";
    await database.query(settings, [JSON.stringify({ sub }), topic]);
    await database.query("set local role authenticated");
    await database.query(sql);
    await database.query("commit");
  } finally {
    database.release(true);
  }
}

async function snapshot(): Promise<string> {
  return (await world.pool.query("select pg_current_snapshot()::text as s")).rows[0].s;
}
