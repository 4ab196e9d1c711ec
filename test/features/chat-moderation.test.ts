import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, test } from "node:test";
import { type Chat, openChat } from "./chat-support.ts";

let chat: Chat;
before(async () => {
  chat = await openChat();
});
after(() => chat[Symbol.asyncDispose]());

const audit = async (person: string) =>
  (await chat.ask(person, "{ moderationEntries { nodes { action reason body person { name } } } }"))
    .moderationEntries.nodes;

test("anybody in the room reports, once; staff sees who and what, and what it said", async () => {
  const { people, roomId, say, act, refused, enrol } = chat;
  const bully = await enrol("Bully", "student");
  const { id: messageId } = await say(bully, roomId, "You smell");
  const report = { messageId, reason: "Mean" };
  await refused(undefined, "reportMessage", report, "HW401");
  await refused(people.stranger, "reportMessage", report, "HW404");
  for (const reason of [" ", "x".repeat(1001)])
    await refused(people.sam, "reportMessage", { messageId, reason }, "HW422 reason");
  const first = await act(people.sam, "reportMessage", report);
  assert.deepEqual(await act(people.sam, "reportMessage", { messageId, reason: "Other" }), first);
  await act(bully, "deleteMessage", { messageId });
  const entry = { action: "report", reason: "Mean", body: "You smell", person: { name: "Bully" } };
  assert.deepEqual(await audit(people.tutor), [entry]);
  assert.deepEqual(await audit(people.sam), [entry]);
  assert.deepEqual([await audit(bully), await audit(people.stranger)], [[], []]);
});

test("staff hides words and shows them again", async () => {
  const { people, roomId, say, act, refused, ask } = chat;
  const { id: messageId } = await say(people.sam, roomId, "Spoiler");
  for (const mutation of ["hideMessage", "unhideMessage"]) {
    await refused(undefined, mutation, { messageId }, "HW401");
    await refused(people.sam, mutation, { messageId }, "HW403");
    await refused(people.stranger, mutation, { messageId }, "HW404");
  }
  await refused(people.tutor, "hideMessage", { messageId, reason: "x".repeat(1001) }, "HW422 reason");
  for (const _ of [1, 2]) await act(people.tutor, "hideMessage", { messageId, reason: "Wait" });
  const look = `{ message(id: "${messageId}") { body hiddenAt versions { nodes { change body } } } }`;
  const hidden = (await ask(people.sam, look)).message;
  assert.deepEqual([hidden.body, hidden.hiddenAt !== null, hidden.versions.nodes], ["", true, []]);
  assert.deepEqual((await ask(people.tutor, look)).message.versions.nodes, [
    { change: "hidden", body: "Spoiler" },
  ]);
  for (const _ of [1, 2]) await act(people.tutor, "unhideMessage", { messageId });
  const shown = (await ask(people.sam, look)).message;
  assert.deepEqual([shown.body, shown.hiddenAt], ["Spoiler", null]);
  await act(people.tutor, "hideMessage", { messageId });
  await act(people.sam, "deleteMessage", { messageId });
  await act(people.tutor, "unhideMessage", { messageId });
  assert.equal((await ask(people.sam, look)).message.body, "");
});

test("who is banned neither reads nor writes nor joins, until then; staff cannot be banned", async () => {
  const { people, makeRoom, say, act, refused, ask, value } = chat;
  const roomId = await makeRoom("open", "Banning");
  await act(people.sam, "joinRoom", { roomId });
  await say(people.sam, roomId, "Spam");
  const ban = (more: object = {}) => ({ roomId, personId: people.sam, reason: "Spam", ...more });
  await refused(undefined, "banFromRoom", ban(), "HW401");
  await refused(people.sam, "banFromRoom", ban({ personId: people.tutor }), "HW403");
  await refused(people.stranger, "banFromRoom", ban(), "HW404");
  await refused(people.owner, "banFromRoom", ban({ personId: people.stranger }), "HW404 personId");
  await refused(people.owner, "banFromRoom", ban({ personId: people.tutor }), "HW403 personId");
  await refused(people.owner, "banFromRoom", ban({ personId: people.owner }), "HW422 personId");
  await refused(people.owner, "banFromRoom", ban({ until: "2020-01-01T00:00:00Z" }), "HW422 until");
  await refused(people.owner, "banFromRoom", ban({ reason: "x".repeat(1001) }), "HW422 reason");
  const done = await act(people.tutor, "banFromRoom", ban(), "until person { name } banner { name }");
  assert.deepEqual(done, { until: null, person: { name: "Sam" }, banner: { name: "Tutor" } });
  const look = `{ room(id: "${roomId}") { mine { unread } messages { totalCount } } bans { nodes { roomId } } }`;
  assert.deepEqual(await ask(people.sam, look), { room: null, bans: { nodes: [{ roomId }] } });
  await refused(people.sam, "joinRoom", { roomId }, "HW404");
  await refused(people.sam, "sendMessage", { roomId, body: "x", clientId: randomUUID() }, "HW404");
  await act(people.tutor, "banFromRoom", ban({ until: "2999-01-01T00:00:00Z" }), "until");
  await refused(people.sam, "joinRoom", { roomId }, "HW404");
  await value("update chat.bans set until = now() - interval '1 second'");
  await say(people.sam, roomId, "Here again");
  await act(people.tutor, "banFromRoom", ban());
  await refused(people.sam, "unban", { roomId, personId: people.sam }, "HW404");
  for (const _ of [1, 2]) await act(people.owner, "unban", { roomId, personId: people.sam });
  await say(people.sam, roomId, "Thank you");
});

test("what was moderated stays written down; it forgets rooms and people that are gone, and is not lost with them", async () => {
  const { people, value, world, makeRoom, act } = chat;
  const roomId = await makeRoom("open");
  await act(people.owner, "setSlowMode", { roomId, seconds: 5 });
  const count = () => value("select count(*)::int from chat.moderation");
  const before = await count();
  for (const statement of ["delete from chat.moderation", "update chat.moderation set reason = ''"])
    await assert.rejects(world.pool.query(statement), /stays written down/);
  await value("delete from chat.rooms where id = $1", roomId);
  await value("delete from app.people where id = $1", people.sam);
  assert.equal(await count(), before);
  assert.equal((await audit(people.stranger)).length, 0);
  await value("update app.people set community_role = 'owner' where id = $1", people.stranger);
  assert.equal((await audit(people.stranger)).length, before);
});
