import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, test } from "node:test";
import pg from "pg";
import { message, openSchool, type School, sendMessage } from "./school.ts";

let school: School;
before(async () => {
  school = await openSchool();
});
after(() => school[Symbol.asyncDispose]());

test("sending stores the message, and sending it again returns the first one", async () => {
  const { as, people, roomId } = school;
  const clientId = randomUUID();
  const first = await as(people.sam)(sendMessage, message(roomId, "hello", clientId));
  assert.deepEqual(first.errors, []);
  const { result } = first.data.sendMessage;
  assert.deepEqual([result.body, result.clientId, result.sender.name], ["hello", clientId, "Sam"]);
  const again = await as(people.sam)(sendMessage, message(roomId, "something else", clientId));
  assert.deepEqual(again.data.sendMessage.result, result);
});

test("the same message sent ten times at once is stored once", async () => {
  const { as, people, roomId, world } = school;
  const clientId = randomUUID();
  const send = () => as(people.sam)(sendMessage, message(roomId, "at once", clientId));
  const answers = await Promise.all(Array.from({ length: 10 }, send));
  assert.deepEqual(
    answers.flatMap((answer) => answer.errors),
    [],
  );
  assert.equal(new Set(answers.map((answer) => answer.data.sendMessage.result.id)).size, 1);
  const { rows } = await world.pool.query("select count(*)::int from chat.messages where client_id = $1", [
    clientId,
  ]);
  assert.equal(rows[0].count, 1);
});

test("a stranger may not send, nor somebody who is not signed in, nor may a message be empty", async () => {
  const { as, people, roomId, world } = school;
  const count = async () => (await world.pool.query("select count(*)::int from chat.messages")).rows[0].count;
  assert.deepEqual((await as(people.tutor)(sendMessage, message(roomId, "I may"))).errors, []);
  const stored = await count();
  const refused = await as(people.stranger)(sendMessage, message(roomId, "I may not"));
  assert.equal(refused.status, 200);
  assert.equal(refused.errors[0]?.extensions.code, "HW404");
  assert.match(refused.errors[0]?.message ?? "", /no such room/);
  const anonymous = await as(undefined)(sendMessage, message(roomId, "nor I"));
  assert.equal(anonymous.errors[0]?.extensions.code, "HW401");
  const empty = await as(people.sam)(sendMessage, message(roomId, "  "));
  assert.deepEqual(empty.errors[0]?.extensions, { code: "HW422", field: "body" });
  assert.equal(await count(), stored);
});

test("relays are woken after the commit of a mutation, and not by a query", async () => {
  const { as, people, roomId, world } = school;
  const waking = Promise.withResolvers<number>();
  let wakes = 0;
  const clientId = randomUUID();
  const observer = new pg.Client(world.databaseUrl);
  await observer.connect();
  school.onWake(() => {
    wakes++;
    observer
      .query("select count(*)::int from chat.messages where client_id = $1", [clientId])
      .then(({ rows }) => waking.resolve(rows[0].count), waking.reject);
  });
  await as(people.sam)("{ me { id } }");
  assert.equal(wakes, 0);
  await as(people.sam)(sendMessage, message(roomId, "wake up", clientId));
  assert.equal(await waking.promise, 1);
  assert.equal(wakes, 1);
  await observer.end();
});

test("a mutation leaves the waking to us: it sends no notification of its own", async () => {
  const { as, people, roomId, world } = school;
  const listener = new pg.Client(world.databaseUrl);
  await listener.connect();
  await listener.query("listen howdah_wake");
  const heard: string[] = [];
  listener.on("notification", ({ payload }) => heard.push(payload ?? ""));
  await as(people.sam)(sendMessage, message(roomId, "quietly"));
  await world.pool.query("select pg_notify('howdah_wake', 'end')");
  while (!heard.includes("end")) await listener.query("select pg_sleep(0.01)");
  assert.deepEqual(heard, ["end"]);
  await listener.end();
});
