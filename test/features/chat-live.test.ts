import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, test } from "node:test";
import { type RealtimeChannel, RealtimeClient } from "@supabase/realtime-js";
import { mintToken } from "#auth/jwt.ts";
import { type Howdah, startHowdah } from "../support/process.ts";
import { disconnect } from "../support/realtime-client.ts";
import { graphqlOf } from "../support/visitor.ts";
import { until } from "../support/wait.ts";
import { openWorld, type World } from "../support/world.ts";

type Heard = { event: string; payload: Record<string, unknown> };

let world: World;
let howdah: Howdah;
let classId: string;
let roomId: string;
const ids: Record<string, string> = {};
const tokens: Record<string, string> = {};
const clients: RealtimeClient[] = [];

before(async () => {
  world = await openWorld();
  howdah = await startHowdah({ env: { DATABASE_URL: world.databaseUrl, JWT_SECRET: world.jwtSecret } });
  classId = await value("select (app.create_class('Biology', 'ada@school.example', 'Ada')).id");
  ids.Ada = await value("select person_id from app.memberships");
  for (const name of ["Sam", "Kim"]) await enrol(name);
  roomId = await value("select id from chat.rooms");
  for (const [name, sub] of Object.entries(ids))
    tokens[name] = await mintToken({ sub, role: "authenticated" }, world.jwtSecret, 900);
});

after(async () => {
  await Promise.all(clients.map((client) => client.removeAllChannels()));
  for (const client of clients) disconnect(client);
  await howdah.stop();
  await world[Symbol.asyncDispose]();
});

test("what becomes of a message is heard in its room, in order", async () => {
  const { heard } = await listen("Sam", `room:${roomId}`);
  const input = { body: `Hi @[Sam](${ids.Sam})`, clientId: randomUUID(), roomId };
  const { id: messageId, seq } = await act("Ada", "sendMessage", input, "id seq");
  await act("Sam", "markDelivered", { roomId, seq });
  await act("Sam", "markRead", { roomId, seq });
  await act("Sam", "react", { messageId, emoji: "👋" });
  await act("Sam", "react", { messageId, emoji: "👋" });
  await act("Sam", "unreact", { messageId, emoji: "👋" });
  await act("Ada", "editMessage", { messageId, body: "Hello" });
  await act("Ada", "pinMessage", { messageId });
  await act("Ada", "hideMessage", { messageId });
  await act("Ada", "unhideMessage", { messageId });
  await act("Ada", "deleteMessage", { messageId });
  await act("Ada", "setSlowMode", { roomId, seconds: 0 });
  await act("Ada", "renameRoom", { roomId, name: "Life" });
  await until(() => heard.some(({ event }) => event === "room-changed"));
  assert.deepEqual(
    heard.map(({ event }) => event),
    [
      ...["message", "delivered", "read", "reaction", "reaction", "message-edited", "message-pinned"],
      ...["message-hidden", "message-edited", "message-deleted", "room-changed"],
    ],
  );
  const [message, , read, added, removed, edited, , hidden, shown, deleted, changed] = heard.map(
    ({ payload }) => payload,
  );
  assert.deepEqual(
    [message?.mentionIds, message?.replyToId, message?.mentionsRoom],
    [[ids.Sam], null, false],
  );
  assert.deepEqual([read?.personId, read?.seq], [ids.Sam, Number(seq)]);
  assert.deepEqual([added?.emoji, added?.added, added?.count, removed?.count], ["👋", true, 1, 0]);
  assert.deepEqual([edited?.body, hidden?.body, shown?.body, deleted?.body], ["Hello", "", "Hello", ""]);
  assert.deepEqual([changed?.name, changed?.slowModeSeconds], ["Life", 0]);
});

test("one's own topic says what is unread: at once in small rooms, by a job in larger ones, nobody else's", async () => {
  await assert.rejects(listen("Kim", `person:${ids.Sam}`), /Unauthorized/);
  const { heard } = await listen("Sam", `person:${ids.Sam}`);
  const counts = () =>
    heard.filter(({ event }) => event === "unread").map(({ payload }) => [payload.unread, payload.mentions]);
  const { seq } = await say("Ada", "one");
  await say("Ada", `two @[Sam](${ids.Sam})`);
  await until(() => counts().length === 2);
  assert.deepEqual(counts(), [
    [1, 0],
    [2, 1],
  ]);
  await act("Sam", "markRead", { roomId, seq });
  await until(() => counts().length === 3);
  assert.deepEqual(counts().at(-1), [1, 1]);
  for (let n = 0; n < 10; n++) await enrol(`Pupil ${n}`);
  for (let n = 0; n < 10; n++) await say("Ada", `crowd ${n}`);
  await until(() => counts().at(-1)?.[0] === 11);
  assert.ok(counts().length < 10, "those of one second are told together");
  for (let n = 0; n < 40; n++) await enrol(`Crowd ${n}`);
  const before = counts().length;
  await say("Ada", "to everybody");
  await say("Ada", `to @[Sam](${ids.Sam})`);
  await until(() => counts().length > before);
  assert.deepEqual(counts().at(-1), [13, 2]);
});

test("who is banned or removed is put out at once, of both channels; the others stay", async () => {
  const { id: closed } = await act("Ada", "createRoom", { ...fresh(), kind: "closed", name: "Few" });
  for (const name of ["Sam", "Kim"]) await act("Ada", "addToRoom", { roomId: closed, personId: ids[name] });
  const topics = [`room:${closed}`, `room:${closed}:live`];
  const sams = await Promise.all(topics.map((topic) => listen("Sam", topic)));
  const kims = await Promise.all(topics.map((topic) => listen("Kim", topic)));
  await act("Ada", "banFromRoom", { roomId: closed, personId: ids.Sam });
  await until(() => sams.every(({ statuses }) => statuses.includes("CLOSED")));
  for (const topic of topics) await assert.rejects(listen("Sam", topic), /Unauthorized/);
  await act("Ada", "unban", { roomId: closed, personId: ids.Sam });
  for (const topic of topics) await listen("Sam", topic);
  assert.deepEqual(
    kims.flatMap(({ statuses }) => statuses),
    ["SUBSCRIBED", "SUBSCRIBED"],
  );
  await act("Ada", "removeFromRoom", { roomId: closed, personId: ids.Kim });
  await until(() => kims.every(({ statuses }) => statuses.includes("CLOSED")));
});

test("in a room for announcements everybody is seen, and only who may write is seen typing", async () => {
  const input = { ...fresh(), kind: "announcement", name: "News" };
  const topic = `room:${(await act("Ada", "createRoom", input)).id}:live`;
  const [ada, sam, kim] = [
    await listen("Ada", topic),
    await listen("Sam", topic),
    await listen("Kim", topic),
  ];
  await sam.channel.track({ name: "Sam" });
  await until(() => Object.keys(kim.channel.presenceState()).includes(ids.Sam ?? ""));
  await sam.channel.send({ type: "broadcast", event: "typing", payload: { name: "Sam" } });
  await ada.channel.send({ type: "broadcast", event: "typing", payload: { name: "Ada" } });
  await until(() => kim.heard.length > 0);
  assert.deepEqual(
    kim.heard.map(({ payload }) => payload.name),
    ["Ada"],
  );
});

test("who idles is away, who is back is not, and nobody is who has just gone", async () => {
  const { channel } = await listen("Kim", `room:${roomId}:live`);
  const isAway = async () => String(await value("select chat.is_away($1)", ids.Kim));
  await channel.track({ name: "Kim", status: "idle" });
  await until(async () => (await isAway()) === "true");
  await channel.track({ name: "Kim", status: "here" });
  await until(async () => (await isAway()) === "false");
  await channel.unsubscribe();
  const gone = "select count(*) from realtime.presence where sub = $1";
  await until(async () => Number(await value(gone, ids.Kim)) === 0);
  assert.equal(await isAway(), "false");
});

async function listen(name: string, topic: string) {
  const client = new RealtimeClient(`${howdah.url.replace("http", "ws")}/realtime/v1`, {
    params: { apikey: await apikey() },
    accessToken: async () => tokens[name] ?? "",
  });
  clients.push(client);
  await client.setAuth();
  const channel: RealtimeChannel = client.channel(topic, {
    config: { private: true, presence: { enabled: topic.endsWith(":live"), key: ids[name] ?? "" } },
  });
  const heard: Heard[] = [];
  const statuses: string[] = [];
  channel.on("broadcast", { event: "*" }, (message) => heard.push(message as unknown as Heard));
  await new Promise<void>((resolve, reject) => {
    channel.subscribe((status, error) => {
      statuses.push(status);
      if (status === "SUBSCRIBED") resolve();
      else reject(error ?? new Error(status));
    });
  });
  return { channel, heard, statuses };
}

async function apikey(): Promise<string> {
  return ((await (await fetch(`${howdah.url}/api/config`)).json()) as { apikey: string }).apikey;
}

async function act(name: string, mutation: string, input: object, fields = "id") {
  const type = `${mutation.charAt(0).toUpperCase()}${mutation.slice(1)}Input`;
  const data = await graphqlOf(howdah.url, tokens[name])(
    `mutation ($input: ${type}!) { ${mutation}(input: $input) { result { ${fields} } } }`,
    { input },
  );
  return data[mutation].result;
}

function say(name: string, body: string): Promise<{ seq: string }> {
  return act(name, "sendMessage", { body, clientId: randomUUID(), roomId }, "seq");
}

function fresh() {
  return { groupId: classId, clientId: randomUUID() };
}

async function enrol(name: string): Promise<void> {
  const id = await value("insert into app.people (name) values ($1) returning id", name);
  ids[name] = id;
  await value(
    "insert into app.memberships (group_id, person_id, role) values ($1, $2, 'student')",
    classId,
    id,
  );
}

async function value(text: string, ...values: unknown[]): Promise<string> {
  return Object.values((await world.pool.query(text, values)).rows[0] ?? {})[0] as string;
}
