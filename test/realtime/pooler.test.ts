import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { openEars } from "../queue/support.ts";
import { noPgbouncer, startPgbouncer } from "../support/pgbouncer.ts";
import type { World } from "../support/world.ts";
import { Raw } from "./raw.ts";
import { openClub, type RunningRelay, startRelay } from "./relays.ts";

// Relays behind a transaction pooler, which swallows LISTEN: they find it out, and miss nothing.

let world: World;
let pooled: World;
let pooler: Awaited<ReturnType<typeof startPgbouncer>>;
let one: RunningRelay;
let two: RunningRelay;
let direct: RunningRelay;
let unavailable = 0;

before(async () => {
  if (noPgbouncer) return;
  world = await openClub();
  pooler = await startPgbouncer(world.databaseUrl);
  pooled = { ...world, databaseUrl: pooler.url };
  using ears = openEars();
  [one, two] = await Promise.all([startRelay(pooled), startRelay(pooled)]);
  direct = await startRelay(world);
  unavailable = ears.all.filter(({ event }) => event === "realtime:listen:unavailable").length;
});

after(async () => {
  if (noPgbouncer) return;
  await Promise.all([one, two, direct].map((relay) => relay[Symbol.asyncDispose]()));
  await pooler[Symbol.asyncDispose]();
  await world[Symbol.asyncDispose]();
});

test("a relay finds out that LISTEN does not work, and one beside it that it does", {
  skip: noPgbouncer,
}, async () => {
  assert.equal(unavailable, 2);
  const { rows } = await world.pool.query(
    "select polls, count(*)::int as relays from realtime.relays group by 1 order by 1",
  );
  assert.deepEqual(rows, [
    { polls: false, relays: 1 },
    { polls: true, relays: 2 },
  ]);
});

test("messages from the database arrive once and in order", { skip: noPgbouncer }, async () => {
  using first = await joined(one, "stored");
  using second = await joined(two, "stored");
  for (let n = 1; n <= 30; n++)
    await world.pool.query("select realtime.send(jsonb_build_object('n', $1::int), 'e', 'stored', false)", [
      n,
    ]);
  for (const socket of [first, second]) {
    const heard: number[] = [];
    for (let n = 1; n <= 30; n++) heard.push((await socket.event("broadcast")).payload.payload.n);
    assert.deepEqual(
      heard,
      Array.from({ length: 30 }, (_, i) => i + 1),
    );
  }
});

test("broadcasts of clients cross between pooled relays, and to and from one that listens", {
  skip: noPgbouncer,
}, async () => {
  for (const [name, from, to] of [
    ["pooled to pooled", one, two],
    ["pooled to direct", one, direct],
    ["direct to pooled", direct, two],
  ] as const) {
    using sender = await joined(from, name);
    using receiver = await joined(to, name);
    for (let n = 1; n <= 20; n++)
      sender.push(`realtime:${name}`, "broadcast", { type: "broadcast", event: "e", payload: { n } });
    for (let n = 1; n <= 20; n++)
      assert.equal((await receiver.event("broadcast")).payload.payload.n, n, name);
  }
});

test("members of all three see each other, and see each other go", { skip: noPgbouncer }, async () => {
  const relays = [one, two, direct];
  const sockets = await Promise.all(relays.map((relay) => joined(relay, "seen")));
  for (const [index, socket] of sockets.entries())
    socket.push("realtime:seen", "presence", { event: "track", payload: { index } });
  for (const socket of sockets) {
    const seen = new Set<number>();
    const look = (metas: { index: number }[]) => {
      for (const { index } of metas) seen.add(index);
    };
    while (seen.size < 3) {
      const { payload } = await socket.event("presence_diff");
      for (const { metas } of Object.values(payload.joins) as { metas: { index: number }[] }[]) look(metas);
    }
  }
  sockets[0]?.push("realtime:seen", "presence", { event: "untrack" });
  for (const socket of sockets.slice(1)) {
    for (;;) {
      const left = Object.values((await socket.event("presence_diff")).payload.leaves) as {
        metas: { index: number }[];
      }[];
      if (left.some(({ metas }) => metas.some(({ index }) => index === 0))) break;
    }
  }
  for (const socket of sockets) socket[Symbol.dispose]();
});

test("row changes arrive too", { skip: noPgbouncer }, async () => {
  await world.pool.query("create table public.pooled (id int primary key)");
  await world.pool.query("grant select on public.pooled to anon");
  await world.pool.query("alter publication supabase_realtime add table public.pooled");
  using socket = await Raw.open(world, two);
  await socket.join("realtime:rows", {
    postgres_changes: [{ event: "INSERT", schema: "public", table: "pooled" }],
  });
  for (let id = 1; id <= 5; id++) await world.pool.query("insert into public.pooled values ($1)", [id]);
  for (let id = 1; id <= 5; id++)
    assert.deepEqual((await socket.event("postgres_changes")).payload.data.record, { id });
});

async function joined(relay: RunningRelay, name: string): Promise<Raw> {
  const socket = await Raw.open(world, relay);
  await socket.join(`realtime:${name}`, { presence: { enabled: true } });
  return socket;
}
