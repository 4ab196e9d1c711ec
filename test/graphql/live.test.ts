import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { WebSocket } from "ws";
import { mintToken } from "#auth/jwt.ts";
import { connect, hear, send, type Told, topicQuery } from "./live.ts";
import { message, openSchool, type School, sendMessage } from "./school.ts";

let school: School;
let room: string;
before(async () => {
  school = await openSchool();
  room = `room:${school.roomId}`;
});
after(() => school[Symbol.asyncDispose]());

const numbers = (told: Told[]) => told.map(({ payload }) => payload.n);

test("the unmodified graphql-ws client hears what is said in a room, each once and in order", async () => {
  const client = await connect(school, school.people.sam);
  const { heard, stop, ended } = hear(client, { name: room, after: "0" });
  const ask = school.as(school.people.tutor);
  for (const body of ["one", "two", "three"]) await ask(sendMessage, message(school.roomId, body));
  const told = await heard(3);
  assert.deepEqual(
    told.map(({ payload }) => payload.body),
    ["one", "two", "three"],
  );
  assert.deepEqual(
    told.map(({ seq }) => Number(seq)),
    [1, 2, 3],
  );
  stop();
  assert.deepEqual(await ended, []);
  await client.dispose();
});

test("nothing is missed between two connections: after brings what was sent meanwhile, then what comes", async () => {
  const client = await connect(school, school.people.sam);
  const topic = "open:1";
  for (const n of [1, 2, 3]) await send(school, topic, { n }, false);
  const first = hear(client, { name: topic, private: false, after: "1" });
  assert.deepEqual(numbers(await first.heard(2)), [2, 3]);
  first.stop();
  const writing = Array.from({ length: 40 }, (_, n) => send(school, topic, { n: n + 4 }, false));
  const second = hear(client, { name: topic, private: false, after: "3" });
  await Promise.all(writing);
  const told = await second.heard(40);
  assert.deepEqual(
    told.map(({ seq }) => Number(seq)),
    Array.from({ length: 40 }, (_, n) => n + 4),
  );
  await client.dispose();
});

test("what is no longer kept is told as a gap instead of being passed over", async () => {
  const client = await connect(school, school.people.sam);
  for (const n of [1, 2, 3]) await send(school, "open:gap", { n }, false);
  await school.world.pool.query("delete from realtime.messages where topic = 'open:gap' and seq < 3");
  assert.deepEqual(await hear(client, { name: "open:gap", private: false, after: "1" }).ended, ["HW409"]);
  const whole = hear(client, { name: "open:gap", private: false, after: "2" });
  assert.deepEqual(numbers(await whole.heard(1)), [3]);
  await client.dispose();
});

test("bytes come in Base64", async () => {
  const client = await connect(school, undefined);
  const listening = hear(client, { name: "open:bytes", private: false, after: "0" });
  await school.world.pool.query("select realtime.send_binary('\\x00ff', 'sent', 'open:bytes', false)");
  const [told] = await listening.heard(1);
  assert.deepEqual([told?.event, told?.payload, told?.bytes], ["sent", null, "AP8="]);
  await client.dispose();
});

test("a stranger may not listen to a private topic, nor somebody who is not signed in; a member may", async () => {
  for (const [person, expected] of [
    [school.people.stranger, ["HW403"]],
    [undefined, ["HW403"]],
  ] as const) {
    const client = await connect(school, person);
    assert.deepEqual(await hear(client, { name: room }).ended, expected);
    await client.dispose();
  }
  const member = await connect(school, school.people.owner);
  assert.ok(await hear(member, { name: room, after: "0" }).heard(1));
  await member.dispose();
});

test("whoever leaves the group stops hearing its room at once, and the others go on", async () => {
  const { world, people, classId } = school;
  const [tutor, owner] = [await connect(school, people.tutor), await connect(school, people.owner)];
  const leaving = hear(tutor, { name: room, after: "0" });
  const staying = hear(owner, { name: room, after: "0" });
  const before = (await Promise.all([leaving.heard(1), staying.heard(1)])).map((told) => told.length);
  await world.pool.query("delete from app.memberships where group_id = $1 and person_id = $2", [
    ...[classId, people.tutor],
  ]);
  assert.deepEqual(await leaving.ended, ["HW403"]);
  await school.as(people.sam)(sendMessage, message(school.roomId, "without her"));
  assert.ok((await staying.heard((before[1] ?? 0) + 1)).length > 0);
  await world.pool.query(
    "insert into app.memberships (group_id, person_id, role) values ($1, $2, 'teacher')",
    [classId, people.tutor],
  );
  await Promise.all([tutor.dispose(), owner.dispose()]);
});

test("when the token expires the subscription ends with HW401, and the websocket with 4403", async () => {
  const client = await connect(school, school.people.sam, 2);
  const closed = new Promise<CloseEvent>((resolve) =>
    client.on("closed", (event) => resolve(event as CloseEvent)),
  );
  assert.deepEqual(await hear(client, { name: room }).ended, ["HW401"]);
  assert.equal((await closed).code, 4403);
});

test("a bad token is refused with 4403, whether it comes as authorization or as token", async () => {
  const { jwtSecret } = school.world;
  const good = await mintToken({ sub: school.people.sam, role: "authenticated" }, jwtSecret, 60);
  assert.equal(await initWith({ token: good }), "connection_ack");
  assert.equal(await initWith({ authorization: `Bearer ${good}` }), "connection_ack");
  assert.equal(await initWith(undefined), "connection_ack");
  const expired = await mintToken({ sub: school.people.sam, role: "authenticated" }, jwtSecret, -60);
  for (const payload of [{ token: "x" }, { Authorization: `Bearer ${expired}` }])
    assert.equal(await initWith(payload), 4403);
});

test("the protocol's own close codes", async () => {
  assert.equal(await talk([{ type: "subscribe", id: "1", payload: { query: "{ me { id } }" } }]), 4401);
  assert.equal(await talk([{ type: "nonsense" }]), 4400);
  assert.equal(await talk([{ type: "connection_init" }, { type: "connection_init" }]), 4429);
  const twice = {
    type: "subscribe",
    id: "1",
    payload: { query: topicQuery, variables: { name: "open:1", private: false } },
  };
  assert.equal(await talk([{ type: "connection_init" }, twice, twice]), 4409);
});

test("queries and mutations run over the websocket as over HTTP, with the same refusals", async () => {
  const client = await connect(school, school.people.sam);
  const ask = async (query: string, variables = {}) => {
    const answers = [];
    for await (const answer of client.iterate({ query, variables })) answers.push(answer);
    return answers[0];
  };
  assert.deepEqual((await ask("{ me { name } }"))?.data, { me: { name: "Sam" } });
  const said = await ask(sendMessage, message(school.roomId, "by websocket"));
  assert.match(JSON.stringify(said?.data), /by websocket/);
  const refused = await ask(sendMessage, message(school.roomId, " "));
  assert.deepEqual(refused?.errors?.[0]?.extensions, { code: "HW422", field: "body" });
  const codes = async (query: string) =>
    ask(query).then(
      (answer) => answer?.errors?.map(({ extensions }) => extensions?.code),
      (errors) => errors.map(({ extensions }: { extensions: { code: string } }) => extensions.code),
    );
  assert.deepEqual(await codes("{ nothing }"), ["HW422"]);
  assert.deepEqual(await codes("{ me { id "), ["HW422"]);
  assert.deepEqual(await codes(`subscription { topic(name: "") { id } }`), ["HW422"]);
  await client.dispose();
});

test("a subscription by HTTP is refused, and other paths take no websocket", async () => {
  const { status, errors } = await school.as(school.people.sam)(topicQuery, { name: room });
  assert.ok(status >= 400, `${status}`);
  assert.equal(errors[0]?.extensions.code, "HW422");
  const elsewhere = new WebSocket(`${school.url.replace("http", "ws")}/graphql/x`, "graphql-transport-ws");
  await assert.rejects(new Promise((_, reject) => elsewhere.on("error", reject)), /404/);
});

test("more operations, websockets or waiting bytes than are allowed are refused", async () => {
  const sockets = { connections: 2, operations: 3, operationsPerSecond: 1000 };
  await using small = await openSchool({ sockets, unsentBytes: 20_000 });
  const client = await connect(small, undefined);
  const open = Array.from({ length: 3 }, (_, n) =>
    hear(client, { name: `open:${n}`, private: false, after: "0" }),
  );
  assert.deepEqual(await hear(client, { name: "open:9", private: false }).ended, ["HW429"]);
  await send(small, "open:2", { n: 1 }, false);
  await open[2]?.heard(1);
  const second = await connect(small, undefined);
  await assert.rejects(
    new Promise((_, reject) => {
      const third = new WebSocket(`${small.url.replace("http", "ws")}/graphql`, "graphql-transport-ws");
      third.on("error", reject);
    }),
    /429/,
  );
  await Promise.all([client.dispose(), second.dispose()]);
});

async function initWith(payload: object | undefined): Promise<string | number> {
  return talk([{ type: "connection_init", payload }]);
}

/** Says so many things on a websocket of its own; the type of the first answer, or the code it was closed with. */
async function talk(words: object[], protocol = "graphql-transport-ws"): Promise<string | number> {
  const socket = new WebSocket(`${school.url.replace("http", "ws")}/graphql`, protocol);
  const { promise, resolve } = Promise.withResolvers<string | number>();
  socket.on("error", () => {});
  socket.on("close", (code) => resolve(code));
  const say = (some: object[]) => {
    for (const word of some) socket.send(JSON.stringify(word));
  };
  socket.on("message", (data) =>
    words.length === 1 ? resolve(JSON.parse(String(data)).type) : say(words.slice(1)),
  );
  socket.on("open", () => say(words.slice(0, 1)));
  const end = await promise;
  socket.terminate();
  return end;
}
