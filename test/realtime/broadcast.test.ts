import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { World } from "../support/world.ts";
import { Raw } from "./raw.ts";
import {
  member,
  openClient,
  openClub,
  type RunningRelay,
  startRelay,
  stranger,
  subscribed,
  tokenOf,
} from "./relays.ts";

// Broadcasts from the database, and broadcasts that are kept.

let world: World;
let relay: RunningRelay;

before(async () => {
  world = await openClub();
  relay = await startRelay(world);
});

after(async () => {
  await relay[Symbol.asyncDispose]();
  await world[Symbol.asyncDispose]();
});

test("bytes from the database arrive as bytes, and are withheld from vsn 1.0.0", async () => {
  using now = await Raw.open(world, relay);
  using old = await Raw.open(world, relay, "1.0.0");
  await now.join("realtime:bytes");
  await old.join("realtime:bytes");
  await world.pool.query("select realtime.send_binary('\\x00ff10', 'photo', 'bytes', false)");
  await world.pool.query("select realtime.send('{}', 'text', 'bytes', false)");
  const photo = (await now.event("broadcast")).payload;
  assert.deepEqual([photo.event, photo.payload], ["photo", Buffer.from([0, 255, 16])]);
  assert.match(photo.meta.id, /^[0-9a-f-]{36}$/);
  assert.equal((await old.event("broadcast")).payload.event, "text");
});

test("a message holds JSON or bytes, never both", async () => {
  await assert.rejects(
    world.pool.query(
      "insert into realtime.messages (topic, extension, event, private, payload, binary_payload) values ('t', 'broadcast', 'e', false, '{}', '')",
    ),
    /a_payload_is_json_or_bytes/,
  );
});

test("a row trigger tells a topic what became of a row", async () => {
  await world.pool.query(`
    create table public.pots (id int primary key, plant text);
    create function public.tell_pots() returns trigger language plpgsql as $$
    begin
      perform realtime.broadcast_changes('club:pots', tg_op, tg_op, tg_table_name, tg_table_schema, new, old);
      return null;
    end $$;
    create trigger tell after insert or update or delete on public.pots for each row execute function public.tell_pots()`);
  using socket = await joined("realtime:club:pots");
  await world.pool.query("insert into public.pots values (1, 'fern')");
  await world.pool.query("update public.pots set plant = 'moss'");
  await world.pool.query("delete from public.pots");
  const about = { table: "pots", schema: "public" };
  const [fern, moss] = [
    { id: 1, plant: "fern" },
    { id: 1, plant: "moss" },
  ];
  for (const [operation, record, old_record] of [
    ["INSERT", fern, null],
    ["UPDATE", moss, fern],
    ["DELETE", null, moss],
  ]) {
    const { payload, meta, event } = (await socket.event("broadcast")).payload;
    assert.equal(event, operation);
    assert.deepEqual(payload, { ...about, operation, record, old_record, id: meta.id });
  }
});

test("broadcast_changes refuses what it cannot tell, and the writer hears of it", async () => {
  const call = (operation: string, level: string) =>
    world.pool.query("select realtime.broadcast_changes('t', 'e', $1, 'a', 'b', null, null, $2)", [
      operation,
      level,
    ]);
  await assert.rejects(
    call("TRUNCATE", "ROW"),
    /Failed to process the row: Unexpected operation type: TRUNCATE/,
  );
  await assert.rejects(call("INSERT", "STATEMENT"), /only be triggered for each row/);
  await call("INSERT", "ROW");
});

test("a message of three megabytes from the database arrives whole", async () => {
  using socket = await Raw.open(world, relay);
  await socket.join("realtime:large");
  await world.pool.query(
    "select realtime.send(jsonb_build_object('text', repeat('é', 1500000)), 'e', 'large', false)",
  );
  assert.equal((await socket.event("broadcast")).payload.payload.text.length, 1_500_000);
});

test("a kept broadcast is delivered once, answered with its id, and replayed to who comes later", async () => {
  using socket = await joined("realtime:club:kept");
  using client = await openClient(world, relay, { accessToken: () => tokenOf(world, member) });
  await client.realtime.setAuth();
  const channel = client.realtime.channel("club:kept", {
    config: { private: true, broadcast: { ack: true } },
  });
  assert.equal((await subscribed(channel)).status, "SUBSCRIBED");
  const sent = { type: "broadcast", event: "e", payload: { n: 1 }, persist: true } as const;
  assert.equal(await channel.send(sent), "ok");
  assert.equal(await channel.send({ ...sent, payload: { n: 2 } }), "ok");
  const live = [await socket.event("broadcast"), await socket.event("broadcast")];
  assert.deepEqual(
    live.map(({ payload }) => payload.payload.n),
    [1, 2],
  );
  using later = await joined("realtime:club:kept", { broadcast: { replay: { since: 0 } } });
  const replayed = [await later.event("broadcast"), await later.event("broadcast")];
  assert.deepEqual(
    replayed.map(({ payload }) => [payload.payload.n, payload.meta]),
    live.map(({ payload }) => [payload.payload.n, { replayed: true, id: payload.meta.id }]),
  );
  await world.pool.query("select realtime.send('{}', 'last', 'club:kept')");
  assert.equal(
    (await socket.event("broadcast")).payload.event,
    "last",
    "what was kept did not come a second time",
  );
});

test("only a private room keeps, and only for whoever may: the answer says so", async () => {
  await world.pool.query(`
    create policy test_say on realtime.messages for insert to authenticated
      with check (realtime.topic() = 'hall' and extension in ('broadcast', 'presence'));
    create policy test_hear on realtime.messages for select to authenticated using (realtime.topic() = 'hall')`);
  using client = await openClient(world, relay, { accessToken: () => tokenOf(world, stranger) });
  await client.realtime.setAuth();
  const send = async (name: string, isPrivate: boolean, persist: boolean) => {
    const channel = client.realtime.channel(name, {
      config: { private: isPrivate, broadcast: { ack: true } },
    });
    assert.equal((await subscribed(channel)).status, "SUBSCRIBED");
    const answer = await channel.send({ type: "broadcast", event: "e", payload: {}, persist } as never);
    await client.realtime.removeChannel(channel);
    return answer;
  };
  assert.equal(await send("hall", true, false), "ok");
  assert.equal(await send("hall", true, true), "persist_not_allowed");
  assert.equal(await send("open", false, false), "ok");
  assert.equal(await send("open", false, true), "error", "the client itself refuses");
  const { rows } = await world.pool.query("select 1 from realtime.messages where topic in ('hall', 'open')");
  assert.deepEqual(rows, []);
});

async function joined(topic: string, config: object = {}): Promise<Raw> {
  const socket = await Raw.open(world, relay);
  await socket.join(topic, { private: true, ...config }, { access_token: await tokenOf(world, member) });
  return socket;
}
