import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { World } from "../support/world.ts";
import { pushFrame, Raw } from "./raw.ts";
import { member, openClub, type RunningRelay, startRelay, stranger, tokenOf } from "./relays.ts";

let world: World;
let relay: RunningRelay;

before(async () => {
  world = await openClub();
  relay = await startRelay(world, { presenceCallsPer30s: 5 });
});

after(async () => {
  await relay[Symbol.asyncDispose]();
  await world[Symbol.asyncDispose]();
});

test("a heartbeat is answered with its ref", async () => {
  using socket = await Raw.open(world, relay);
  const { topic, payload } = await socket.heartbeat();
  assert.deepEqual([topic, payload], ["phoenix", { status: "ok", response: {} }]);
});

test("a handshake without a good key is refused in plain HTTP", async () => {
  const upgrade = { connection: "upgrade", upgrade: "websocket", "sec-websocket-version": "13" };
  const headers = { ...upgrade, "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==" };
  for (const [query, status] of [
    ["", 401],
    ["?apikey=nonsense", 401],
    ["?apikey=a.b.c", 401],
  ] as const) {
    const { get } = await import("node:http");
    const response = await new Promise<import("node:http").IncomingMessage>((resolve, reject) =>
      get({ port: relay.port, path: `/realtime/v1/websocket${query}`, headers }, resolve).on("error", reject),
    );
    assert.equal(response.statusCode, status);
    const body = JSON.parse(Buffer.concat(await response.toArray()).toString());
    assert.equal(typeof body.error, "string");
  }
});

test("a join is answered with an object, and presence state follows only where it is enabled", async () => {
  using socket = await Raw.open(world, relay);
  const ref = socket.push("realtime:a", "phx_join", { config: { presence: { enabled: true } } }, "7");
  const reply = await socket.reply(ref);
  assert.deepEqual(
    [reply.joinRef, reply.topic, reply.payload],
    ["7", "realtime:a", { status: "ok", response: { postgres_changes: [] } }],
  );
  const state = await socket.event("presence_state");
  assert.deepEqual([state.joinRef, state.payload], ["7", {}]);
  await socket.join("realtime:b");
  await socket.heartbeat();
  assert.equal(socket.inbox.all.filter(({ event }) => event === "presence_state").length, 1);
});

test("a second join of a topic closes the first channel under its own ref", async () => {
  using socket = await Raw.open(world, relay);
  const first = await socket.join("realtime:twice");
  const second = await socket.join("realtime:twice");
  const close = await socket.event("phx_close");
  assert.deepEqual([close.joinRef, close.ref, close.payload], [first, first, {}]);
  assert.notEqual(first, second);
});

test("two joins back to back, and a leave with a join right behind it, end joined", async () => {
  using socket = await Raw.open(world, relay);
  const token = await tokenOf(world, member);
  const config = { private: true, broadcast: { self: true } };
  const [one, two] = [1, 2].map(() =>
    socket.push("realtime:club:x", "phx_join", { config, access_token: token }),
  );
  assert.equal((await socket.reply(one as string)).payload.status, "ok");
  assert.equal((await socket.reply(two as string)).payload.status, "ok");
  const leave = socket.push("realtime:club:x", "phx_leave", {});
  const join = socket.push("realtime:club:x", "phx_join", { config, access_token: token });
  assert.deepEqual((await socket.reply(leave)).payload, { status: "ok", response: {} });
  assert.equal((await socket.reply(join)).payload.status, "ok");
  socket.push("realtime:club:x", "broadcast", { type: "broadcast", event: "e", payload: 1 });
  assert.equal((await socket.event("broadcast")).payload.payload, 1);
});

test("leaving is answered and closed, also for an unknown topic; other pushes there are unmatched", async () => {
  using socket = await Raw.open(world, relay);
  const joinRef = await socket.join("realtime:left");
  const leave = socket.push("realtime:left", "phx_leave", {}, joinRef);
  assert.deepEqual((await socket.reply(leave)).payload, { status: "ok", response: {} });
  const close = await socket.event("phx_close");
  assert.deepEqual([close.ref, close.joinRef], [joinRef, joinRef]);
  assert.equal((await socket.reply(socket.push("realtime:left", "phx_leave", {}))).payload.status, "ok");
  const stray = await socket.reply(socket.push("realtime:left", "broadcast", { event: "e" }));
  assert.deepEqual(stray.payload, { status: "error", response: { reason: "unmatched topic" } });
});

test("joins that cannot be had are refused with their reason", async () => {
  using socket = await Raw.open(world, relay);
  assert.equal(await socket.joinRefused("elsewhere"), "unmatched topic");
  assert.equal(await socket.joinRefused("realtime:"), "TopicNameRequired: You must provide a topic name");
  assert.match(await socket.joinRefused("realtime:a", { presence: { key: "ids" } }), /^InvalidPresenceKey: /);
  const replay = { broadcast: { replay: { since: 1 } } };
  assert.match(
    await socket.joinRefused("realtime:a", replay),
    /^UnableToReplayMessages: Replay is not allowed/,
  );
  const malformed = await socket.joinRefused("realtime:a", {}, { access_token: "nonsense" });
  assert.equal(malformed, "MalformedJWT: The token provided is not a valid JWT");
  const expired = await socket.joinRefused(
    "realtime:a",
    {},
    { access_token: await tokenOf(world, member, -5) },
  );
  assert.match(expired, /^InvalidJWTToken: Token has expired \d+ seconds ago$/);
});

test("a presence key of more than 255 characters is refused", async () => {
  using socket = await Raw.open(world, relay);
  const key = (length: number) => ({ presence: { key: "k".repeat(length) } });
  assert.match(await socket.joinRefused("realtime:a", key(256)), /^InvalidPresenceKey: .* 255 characters/);
  await socket.join("realtime:a", key(255));
});

test("a socket that joins without end is closed, and its neighbours join as before", async () => {
  await using tight = await startRelay(world, { channelsPerConnection: 10 });
  using flood = await Raw.open(world, tight);
  using neighbour = await Raw.open(world, tight);
  for (let n = 0; n < 31; n++) flood.push("realtime:flood", "phx_join", { config: {} });
  assert.deepEqual(await flood.closed, { code: 1001, reason: "Too many joins per second" });
  const refusals = flood.inbox.all.filter(({ payload }) =>
    String(payload.response?.reason).startsWith("ClientJoinRateLimitReached"),
  );
  assert.equal(refusals.length, 1);
  await neighbour.join("realtime:flood");
});

test("a private channel lets its member in and refuses a stranger and whoever has no token", async () => {
  using socket = await Raw.open(world, relay);
  const config = { private: true };
  await socket.join("realtime:club:1", config, { access_token: await tokenOf(world, member) });
  const refusal = "Unauthorized: You do not have permissions to read from this Channel topic: club:1";
  using other = await Raw.open(world, relay);
  assert.equal(
    await other.joinRefused("realtime:club:1", config, { access_token: await tokenOf(world, stranger) }),
    refusal,
  );
  assert.equal(await other.joinRefused("realtime:club:1", config), refusal);
});

test("a public and a private room of one name are different rooms", async () => {
  using inside = await Raw.open(world, relay);
  using outside = await Raw.open(world, relay);
  await inside.join("realtime:club:2", { private: true }, { access_token: await tokenOf(world, member) });
  await outside.join("realtime:club:2", { broadcast: { self: true } });
  outside.push("realtime:club:2", "broadcast", { type: "broadcast", event: "e", payload: "public" });
  await outside.event("broadcast");
  await world.pool.query("select realtime.send('{}', 'e', 'club:2')");
  const { payload } = await inside.event("broadcast");
  assert.equal(payload.payload.id, payload.meta.id);
  assert.equal(outside.inbox.all.filter(({ event }) => event === "broadcast").length, 1);
});

test("who may read but not write is heard by nobody and gets no ack", async () => {
  await world.pool.query(
    "create policy test_listen on realtime.messages for select to authenticated using (realtime.topic() = 'listen')",
  );
  using socket = await Raw.open(world, relay);
  const config = { private: true, broadcast: { self: true, ack: true } };
  await socket.join("realtime:listen", config, { access_token: await tokenOf(world, stranger) });
  socket.push("realtime:listen", "broadcast", { type: "broadcast", event: "e", payload: {} });
  const track = await socket.reply(
    socket.push("realtime:listen", "presence", { event: "track", payload: {} }),
  );
  assert.deepEqual(track.payload, { status: "error", response: {} });
  assert.equal(socket.inbox.all.filter(({ event }) => event === "broadcast").length, 0);
  assert.equal(socket.inbox.all.filter(({ event }) => event === "phx_reply").length, 2);
});

test("a policy that raises denies its own channel only", async () => {
  await world.pool.query(
    "create policy test_broken on realtime.messages for select to anon using (realtime.topic() <> 'broken' or 1 / length(topic) / 0 > 0)",
  );
  using socket = await Raw.open(world, relay);
  assert.match(await socket.joinRefused("realtime:broken", { private: true }), /^Unauthorized: /);
  await socket.join("realtime:whole", { private: true });
});

test("broadcasts go to the others; self and ack as asked; between both versions", async () => {
  using modern = await Raw.open(world, relay);
  using old = await Raw.open(world, relay, "1.0.0");
  await modern.join("realtime:mixed", { broadcast: { ack: true } });
  await old.join("realtime:mixed");

  modern.ws.send(pushFrame("realtime:mixed", "typing", Buffer.from('{"n":1}')));
  const ack = await modern.reply("9");
  assert.deepEqual(ack.payload, { status: "ok", response: {} });
  const heard = await old.event("broadcast");
  assert.deepEqual(heard.payload, { type: "broadcast", event: "typing", payload: { n: 1 } });
  assert.equal(heard.joinRef, undefined);

  old.push("realtime:mixed", "broadcast", {
    type: "broadcast",
    event: "back",
    payload: { n: 2 },
    extra: 3,
    ids: [1],
  });
  const back = await modern.event("broadcast");
  assert.deepEqual([back.kind, back.joinRef], ["text", null]);
  assert.deepEqual(back.payload, { type: "broadcast", event: "back", payload: { n: 2 }, extra: 3 });

  modern.ws.send(pushFrame("realtime:mixed", "bytes", Buffer.from([1, 2, 255]), 0));
  await modern.reply("9");
  await old.heartbeat();
  assert.equal(old.inbox.all.filter(({ event }) => event === "broadcast").length, 1);
});

test("too large a payload is refused where an ack was asked for, and too large a frame ends its socket", async () => {
  await using small = await startRelay(world, { payloadBytes: 1000, frameBytes: 5000 });
  using socket = await Raw.open(world, small);
  await socket.join("realtime:big", { broadcast: { ack: true } });
  const ref = socket.push("realtime:big", "broadcast", { event: "e", payload: "x".repeat(2000) });
  const answer = await socket.reply(ref);
  assert.deepEqual(answer.payload, { status: "error", response: { error: "payload_size_exceeded" } });
  socket.push("realtime:big", "broadcast", { event: "e", payload: "x".repeat(6000) });
  assert.equal((await socket.closed).code, 1009);
});

test("malformed frames end neither the socket nor a neighbour", async () => {
  using neighbour = await Raw.open(world, relay);
  using socket = await Raw.open(world, relay);
  await neighbour.join("realtime:noise");
  await socket.join("realtime:noise");
  const deep = `["1","2","realtime:noise","broadcast",${"[".repeat(50_000)}${"]".repeat(50_000)}]`;
  const texts = [
    "",
    "nonsense",
    "{}",
    "[]",
    "null",
    '[1,{},"t","e",{}]',
    '["1","2","realtime:noise","broadcast",null]',
    deep,
  ];
  for (const text of texts) socket.ws.send(text);
  socket.ws.send('["1","2","realtime:noise","broadcast",{"type":"broadcast","event":{},"payload":1}]');
  socket.ws.send('["1","2","realtime:noise","phx_join",7]');
  const bytes = [
    Buffer.alloc(0),
    Buffer.from([3]),
    Buffer.from([3, 255, 1, 1, 1, 1, 1]),
    Buffer.from([0, 1, 2]),
  ];
  for (const frame of bytes) socket.ws.send(frame);
  socket.ws.send(pushFrame("realtime:noise", "broken", Buffer.from("{not json")));
  await socket.heartbeat();
  await neighbour.heartbeat();
  assert.equal(neighbour.inbox.all.filter(({ event }) => event === "broadcast").length, 0);
});

test("an expired token errors its channel, so that the client comes back, and leaves the socket open", async () => {
  using socket = await Raw.open(world, relay);
  const access_token = await tokenOf(world, member, 1);
  const joinRef = await socket.join("realtime:club:exp", { private: true }, { access_token });
  const system = await socket.event("system");
  assert.match(system.payload.message, /^Token has expired \d seconds ago$/);
  const error = await socket.event("phx_error");
  assert.deepEqual([error.ref, error.joinRef], [joinRef, joinRef]);
  await socket.join("realtime:club:exp", { private: true }, { access_token: await tokenOf(world, member) });
});

test("a refreshed token keeps the channel, a stranger's token closes it, nonsense errors it", async () => {
  using socket = await Raw.open(world, relay);
  const join = async () =>
    socket.join("realtime:club:ref", { private: true }, { access_token: await tokenOf(world, member, 2) });
  const refresh = (access_token: unknown) =>
    socket.push("realtime:club:ref", "access_token", { access_token });
  await join();
  refresh(await tokenOf(world, member, 600));
  refresh(null);
  refresh("sb_publishable_x");
  await socket.heartbeat();
  refresh(await tokenOf(world, stranger, 600));
  const { payload } = await socket.event("system");
  assert.match(payload.message, /You do not have permissions to read from this Channel topic: club:ref/);
  await socket.event("phx_close");
  await join();
  refresh("nonsense");
  await socket.event("phx_error");
});

test("stored messages are replayed to the joiner, oldest first, and not again by the feed", async () => {
  using socket = await Raw.open(world, relay);
  const since = Date.now() - 60_000;
  for (const n of [1, 2, 3]) await world.pool.query("select realtime.send($1, 'e', 'club:replay')", [{ n }]);
  const config = { private: true, broadcast: { replay: { since, limit: 2 } } };
  await socket.join("realtime:club:replay", config, { access_token: await tokenOf(world, member) });
  const replayed = [await socket.event("broadcast"), await socket.event("broadcast")];
  assert.deepEqual(
    replayed.map(({ payload }) => [payload.payload.n, payload.meta.replayed]),
    [
      [2, true],
      [3, true],
    ],
  );
  await world.pool.query("select realtime.send($1, 'e', 'club:replay')", [{ n: 4 }]);
  const live = await socket.event("broadcast");
  assert.deepEqual([live.kind, live.payload.payload.n], ["binary", 4]);
});

test("too many presence calls close the channel with the reason", async () => {
  using socket = await Raw.open(world, relay);
  await socket.join("realtime:eager");
  for (let n = 0; n < 6; n += 1)
    socket.push("realtime:eager", "presence", { event: "track", payload: { n } });
  assert.equal((await socket.event("system")).payload.message, "Client presence rate limit exceeded");
  await socket.event("phx_close");
});

test("channels per connection and connections are limited", async () => {
  await using small = await startRelay(world, { channelsPerConnection: 2, connections: 1 });
  using socket = await Raw.open(world, small);
  await socket.join("realtime:1");
  await socket.join("realtime:2");
  await socket.join("realtime:2");
  assert.equal(await socket.joinRefused("realtime:3"), "ChannelRateLimitReached: Too many channels");
  await assert.rejects(Raw.open(world, small), /429/);
});

test("what a member tracks may have 16 kB, more closes the channel with the reason", async () => {
  using socket = await Raw.open(world, relay);
  await socket.join("realtime:heavy", { presence: { enabled: true } });
  const small = socket.push("realtime:heavy", "presence", {
    event: "track",
    payload: { text: "x".repeat(15_000) },
  });
  assert.equal((await socket.reply(small)).payload.status, "ok");
  socket.push("realtime:heavy", "presence", { event: "track", payload: { text: "x".repeat(17_000) } });
  assert.equal((await socket.event("system")).payload.message, "Track message size exceeded");
});

test("who loses the right to listen is put out at the commit that says so, and the others stay", async () => {
  await world.pool.query(`
    create table public.guests (sub uuid primary key);
    grant select on public.guests to authenticated;
    insert into public.guests values ('${member}'), ('${stranger}');
    create policy test_guests on realtime.messages for select to authenticated using (
      realtime.topic() = 'party'
      and (current_setting('request.jwt.claims')::jsonb ->> 'sub')::uuid in (select g.sub from public.guests g))`);
  using leaver = await Raw.open(world, relay);
  using stayer = await Raw.open(world, relay);
  const topic = "realtime:party";
  const joinRef = await leaver.join(
    topic,
    { private: true },
    { access_token: await tokenOf(world, stranger) },
  );
  await stayer.join(topic, { private: true }, { access_token: await tokenOf(world, member) });
  await world.pool.query("select realtime.recheck('party')"); // nothing has changed
  await world.pool.query(
    `with gone as (delete from public.guests where sub = '${stranger}' returning sub) select realtime.recheck('party', sub) from gone`,
  );
  assert.equal((await leaver.event("phx_close")).ref, joinRef);
  await world.pool.query("select realtime.send('{}', 'cake', 'party')");
  assert.equal((await stayer.event("broadcast")).payload.event, "cake");
  await leaver.heartbeat();
  assert.deepEqual(
    leaver.inbox.all.filter(({ event }) => event === "broadcast"),
    [],
  );
});

test("a REST broadcast reaches the room, and a private one only from whoever may write", async () => {
  using socket = await Raw.open(world, relay);
  await socket.join("realtime:club:rest", { private: true }, { access_token: await tokenOf(world, member) });
  const message = { topic: "club:rest", event: "e", payload: { n: 1 }, private: true };
  const exp = Date.now() / 1000 + 60;
  const from = (sub: string) => ({ claims: { role: "authenticated", sub, exp } as const, headers: {} });
  await relay.relay.rest.batch([{ ...message, payload: { n: 0 } }], from(stranger));
  await relay.relay.rest.batch([message], from(member));
  assert.equal((await socket.event("broadcast")).payload.payload.n, 1);
});

test("a client that does not read is closed instead of buffered for", async () => {
  await using tight = await startRelay(world, { unsentBytes: 100_000 });
  using slow = await Raw.open(world, tight);
  await slow.join("realtime:flood");
  slow.ws.pause();
  const exp = Date.now() / 1000 + 60;
  const message = { topic: "flood", event: "e", payload: { text: "x".repeat(500_000) } };
  for (let n = 0; n < 40 && tight.relay.stats().sockets > 0; n += 1) {
    await tight.relay.rest.batch([message], { claims: { role: "anon", exp }, headers: {} });
    await new Promise((resolve) => setImmediate(resolve));
  }
  slow.ws.resume();
  assert.ok([1013, 1006].includes((await slow.closed).code));
});

test("on shutdown every channel is told, sockets close with 1012, and the relay's row is gone", async () => {
  const stopping = await startRelay(world);
  using socket = await Raw.open(world, stopping);
  await socket.join("realtime:end");
  socket.push("realtime:end", "presence", { event: "track", payload: {} });
  await stopping[Symbol.asyncDispose]();
  assert.equal((await socket.event("system")).payload.message, "Server requested disconnect");
  assert.equal((await socket.closed).code, 1012);
  const { rowCount } = await world.pool.query("select from realtime.relays where id = $1", [
    stopping.relay.id,
  ]);
  assert.equal(rowCount, 0);
});
