import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import fastify, { type FastifyInstance } from "fastify";
import { anonKey } from "#auth/jwt.ts";
import { broadcastRoute } from "#http/routes/broadcast.ts";
import type { World } from "../support/world.ts";
import { Raw } from "./raw.ts";
import { member, openClient, openClub, type RunningRelay, startRelay, stranger, tokenOf } from "./relays.ts";

// Broadcasts by HTTP: by the client's own httpSend and send, and by hand.

let world: World;
let relay: RunningRelay;
let app: FastifyInstance;
let url: string;

before(async () => {
  world = await openClub();
  relay = await startRelay(world, { payloadBytes: 10_000, restMessagesPerSecond: 50 });
  app = fastify();
  await app.register(broadcastRoute(relay.relay));
  url = await app.listen({ host: "127.0.0.1", port: 0 });
});

after(async () => {
  await app.close();
  await relay[Symbol.asyncDispose]();
  await world[Symbol.asyncDispose]();
});

test("the client's httpSend brings JSON and bytes to a room that it has not joined", async () => {
  using socket = await Raw.open(world, relay);
  await socket.join("realtime:square one");
  using client = await openClient(world, { port: Number(new URL(url).port) });
  const channel = client.realtime.channel("square one");
  assert.deepEqual(await channel.httpSend("hello/you", { n: 1 }), { success: true });
  assert.deepEqual(await channel.httpSend("bytes", new Uint8Array([1, 2, 255]).buffer as never), {
    success: true,
  });
  const [json, bytes] = [await socket.event("broadcast"), await socket.event("broadcast")];
  assert.deepEqual([json.payload.event, json.payload.payload, json.kind], ["hello/you", { n: 1 }, "binary"]);
  assert.deepEqual([bytes.payload.event, bytes.payload.payload], ["bytes", Buffer.from([1, 2, 255])]);
});

test("a private room takes it from whoever may write, and refuses the others with 403", async () => {
  using socket = await Raw.open(world, relay);
  await socket.join("realtime:club:rest", { private: true }, { access_token: await tokenOf(world, member) });
  const path = "/api/broadcast/club:rest/events/e?private=true";
  assert.deepEqual(await post(path, { n: 1 }, await tokenOf(world, stranger)), {
    status: 403,
    body: { message: "You do not have permissions to write to this Channel topic" },
  });
  assert.deepEqual(await post(path, { n: 2 }, await tokenOf(world, member)), { status: 202, body: "" });
  assert.equal((await socket.event("broadcast")).payload.payload.n, 2);
});

test("what is to persist is stored where the policies allow it", async () => {
  const path = "/api/broadcast/club:store/events/e?private=true&persist=true";
  assert.equal((await post(path, { n: 1 }, await tokenOf(world, member))).status, 202);
  assert.equal((await post(path, { n: 2 }, await tokenOf(world, stranger))).status, 403);
  assert.equal(
    (await post(path.replace("private=true", "private=false"), { n: 3 }, await tokenOf(world, member)))
      .status,
    403,
  );
  const { rows } = await world.pool.query(
    "select payload, skip_broadcast from realtime.messages where topic = 'club:store'",
  );
  assert.deepEqual(rows, [{ payload: { n: 1 }, skip_broadcast: true }]);
});

test("a batch is answered 202 and empty, and skips the private rooms that the sender may not write to", async () => {
  using socket = await Raw.open(world, relay);
  await socket.join("realtime:club:batch", { private: true }, { access_token: await tokenOf(world, member) });
  const message = { topic: "club:batch", event: "e", private: true };
  const messages = (n: number) => ({ messages: [{ ...message, payload: { n } }] });
  assert.deepEqual(await post("/api/broadcast", messages(1), await tokenOf(world, stranger)), {
    status: 202,
    body: "",
  });
  assert.deepEqual(await post("/realtime/v1/api/broadcast", messages(2), await tokenOf(world, member)), {
    status: 202,
    body: "",
  });
  assert.equal((await socket.event("broadcast")).payload.payload.n, 2);
});

test("bad input is told by status and message", async () => {
  const single = "/api/broadcast/t/events/e";
  assert.deepEqual(await post(single, { n: 1 }, ""), { status: 401, body: { message: "Unauthorized" } });
  assert.equal((await post(single, { n: 1 }, "no.token.atall")).status, 401);
  assert.equal((await post(single, "not json", undefined, "application/json")).status, 422);
  assert.equal((await post(single, "a=b", undefined, "application/x-www-form-urlencoded")).status, 415);
  const large = await post(single, { text: "x".repeat(11_000) });
  assert.deepEqual(large, {
    status: 422,
    body: { message: "Payload size exceeds tenant limit", errors: ["Payload size exceeds tenant limit"] },
  });
  assert.match(
    (await post("/api/broadcast", { messages: [{ topic: "t" }] })).body.message,
    /event can't be blank/,
  );
});

test("more messages a second than the limit are refused with 429, as many as a batch holds", async () => {
  const message = { topic: "t", event: "e", payload: {} };
  const batch = { messages: Array(45).fill(message) };
  const statuses = [
    (await post("/api/broadcast", batch)).status,
    (await post("/api/broadcast", batch)).status,
  ];
  assert.ok(statuses.includes(429), String(statuses));
});

async function post(path: string, body: object | string, token?: string, type = "application/json") {
  const given = token ?? (await anonKey(world.jwtSecret));
  const answer = await fetch(url + path, {
    method: "POST",
    headers: { "Content-Type": type, ...(given ? { Authorization: `Bearer ${given}` } : {}) },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
  const text = await answer.text();
  return { status: answer.status, body: text === "" ? "" : JSON.parse(text) };
}
