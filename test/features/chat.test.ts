import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type RealtimeChannel, RealtimeClient } from "@supabase/realtime-js";
import { type Howdah, startHowdah } from "../support/process.ts";
import { openClass } from "../support/school.ts";
import { post, type Visitor, visit } from "../support/visitor.ts";
import { until } from "../support/wait.ts";
import { openWorld, type World } from "../support/world.ts";

let world: World;
let howdah: Howdah;
let other: Howdah;
let teacher: Visitor;
let student: Visitor;
let stranger: Visitor;
let roomId: string;
const clients: RealtimeClient[] = [];

before(async () => {
  world = await openWorld();
  const env = { DATABASE_URL: world.databaseUrl, JWT_SECRET: world.jwtSecret };
  [howdah, other] = await Promise.all([
    startHowdah({ env }),
    startHowdah({ env, args: ["--only=api,relay"] }),
  ]);
  teacher = await visit(howdah.url, await openClass(world.pool, "Biology", "wulan@school.example", "Wulan"));
  stranger = await visit(howdah.url, await openClass(world.pool, "Chess", "siti@school.example", "Siti"));
  const { rooms } = await teacher.graphql("{ rooms { nodes { id group { id } } } }");
  roomId = rooms.nodes[0].id;
  await teacher.graphql(
    `mutation ($classId: UUID!) {
      inviteToClass(input: { classId: $classId, email: "bima@school.example", name: "Bima", role: "student" }) { result { id } }
    }`,
    { classId: rooms.nodes[0].group.id },
  );
  const { rows } = await world.pool.query("select app.create_sign_in_link('bima@school.example') as token");
  student = await visit(other.url, rows[0].token);
});

after(async () => {
  await Promise.all(clients.map((client) => client.removeAllChannels()));
  await Promise.all([howdah.stop(), other.stop()]);
  await world[Symbol.asyncDispose]();
});

test("a message sent through GraphQL is heard once by a member on another relay", async () => {
  const heard: { body: string; seq: number; senderName: string }[] = [];
  const channel = await room(other, student);
  channel.on("broadcast", { event: "message" }, ({ payload }) => heard.push(payload));
  await subscribed(channel);
  const clientId = crypto.randomUUID();
  for (const _ of [1, 2]) await say(teacher, "Hello Bima", clientId);
  await say(teacher, "How are you?");
  await until(() => heard.length >= 2);
  assert.deepEqual(
    heard.map(({ body, seq, senderName }) => [seq, body, senderName]),
    [
      [1, "Hello Bima", "Wulan"],
      [2, "How are you?", "Wulan"],
    ],
  );
});

test("a stranger, and somebody without a token, are refused the channel; a member is let in", async () => {
  for (const suffix of ["", ":live"]) {
    await subscribed(await room(howdah, student, suffix));
    await assert.rejects(subscribed(await room(howdah, stranger, suffix)), /Unauthorized/);
    await assert.rejects(subscribed(await room(howdah, undefined, suffix)), /Unauthorized/);
  }
});

test("nobody can pass for somebody else: on the channel of the messages only the database speaks", async () => {
  const heard: string[] = [];
  const [reader, forger] = [await room(howdah, teacher), await room(howdah, student)];
  reader.on("broadcast", { event: "message" }, ({ payload }) => heard.push(payload.body));
  await Promise.all([subscribed(reader), subscribed(forger)]);
  const forged = { body: "No school tomorrow", senderId: teacher.person.id, seq: 900 };
  await forger.send({ type: "broadcast", event: "message", payload: forged });
  const rest = [{ topic: `room:${roomId}`, event: "message", payload: forged, private: true }];
  assert.equal(
    (await post(`${howdah.url}/api/broadcast`, { messages: rest }, student.accessToken)).status,
    202,
  );
  await say(student, "It was me");
  await until(() => heard.includes("It was me"));
  assert.deepEqual(heard, ["It was me"]);
});

test("typing and presence cross from relay to relay", async () => {
  const here = await room(howdah, teacher, ":live");
  const there = await room(other, student, ":live");
  const typing = new Promise<{ name: string }>((resolve) => {
    here.on("broadcast", { event: "typing" }, ({ payload }) => resolve(payload as { name: string }));
  });
  await Promise.all([subscribed(here), subscribed(there)]);
  await here.track({ name: "Wulan" });
  await there.track({ name: "Bima" });
  const both = [teacher.person.id, student.person.id].sort();
  for (const channel of [here, there])
    await until(() => both.every((id) => Object.keys(channel.presenceState()).includes(id)));
  await there.send({ type: "broadcast", event: "typing", payload: { name: "Bima" } });
  assert.deepEqual(await typing, { name: "Bima" });
  await there.unsubscribe();
  await until(() => !Object.keys(here.presenceState()).includes(student.person.id));
});

test("a stranger can neither read nor write the room through GraphQL", async () => {
  const seen = await stranger.graphql(`{ room(id: "${roomId}") { id } messages { nodes { id } } }`);
  assert.deepEqual(seen, { room: null, messages: { nodes: [] } });
  const query = `mutation { sendMessage(input: { roomId: "${roomId}", body: "hi", clientId: "${crypto.randomUUID()}" }) { result { id } } }`;
  const refused = await post(`${howdah.url}/graphql`, { query }, stranger.accessToken);
  const { errors } = (await refused.json()) as { errors: { extensions: { code: string } }[] };
  assert.equal(errors[0]?.extensions.code, "HW404");
});

test("a student who is taken out of the class hears no more, at once; the teacher does", async () => {
  const [gone, there] = [await room(other, student), await room(howdah, teacher)];
  const heard: string[] = [];
  there.on("broadcast", { event: "message" }, ({ payload }) => heard.push(payload.body));
  const statuses: string[] = [];
  gone.subscribe((status) => statuses.push(status));
  await subscribed(there);
  await until(() => statuses.includes("SUBSCRIBED"));
  await world.pool.query("delete from app.memberships where person_id = $1", [student.person.id]);
  await until(() => statuses.includes("CLOSED"));
  await say(teacher, "Only us now");
  await until(() => heard.includes("Only us now"));
});

/** A channel of the room: its messages, or with `:live` its typing and presence. */
async function room({ url }: Howdah, visitor: Visitor | undefined, suffix = ""): Promise<RealtimeChannel> {
  const { apikey } = (await (await fetch(`${url}/api/config`)).json()) as { apikey: string };
  const client = new RealtimeClient(`${url.replace("http", "ws")}/realtime/v1`, {
    params: { apikey },
    ...(visitor ? { accessToken: async () => visitor.accessToken } : {}),
  });
  clients.push(client);
  await client.setAuth();
  const key = visitor?.person.id ?? "";
  return client.channel(`room:${roomId}${suffix}`, {
    config: { private: true, presence: { enabled: true, key } },
  });
}

/** Ends with the first answer to the join. */
function subscribed(channel: RealtimeChannel): Promise<void> {
  return new Promise((resolve, reject) => {
    channel.subscribe((status, error) => {
      if (status === "SUBSCRIBED") resolve();
      else reject(error ?? new Error(status));
    });
  });
}

async function say(visitor: Visitor, body: string, clientId = crypto.randomUUID()): Promise<void> {
  await visitor.graphql(
    `mutation ($roomId: UUID!, $body: String!, $clientId: UUID!) {
      sendMessage(input: { roomId: $roomId, body: $body, clientId: $clientId }) { result { seq } }
    }`,
    { roomId, body, clientId },
  );
}
