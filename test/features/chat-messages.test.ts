import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, test } from "node:test";
import { type Chat, openChat } from "./chat-support.ts";

let chat: Chat;
before(async () => {
  chat = await openChat();
});
after(() => chat[Symbol.asyncDispose]());

const versions = async (person: string, id: string) =>
  (await chat.ask(person, `{ message(id: "${id}") { versions { nodes { change body } } } }`)).message.versions
    .nodes;

test("who said something gives it other words for a day; staff reads the earlier ones", async () => {
  const { people, roomId, say, act, refused, value, ask } = chat;
  const { id } = await say(people.sam, roomId, `I saw @[Tutor](${people.tutor})`);
  const body = `I saw @[Ada](${people.owner})`;
  const edited = await act(
    people.sam,
    "editMessage",
    { messageId: id, body },
    "body editedAt mentionIds seq",
  );
  assert.deepEqual([edited.body, edited.mentionIds, edited.editedAt !== null], [body, [people.owner], true]);
  await act(people.sam, "editMessage", { messageId: id, body });
  assert.deepEqual(await versions(people.tutor, id), [
    { change: "edited", body: `I saw @[Tutor](${people.tutor})` },
  ]);
  assert.deepEqual(await versions(people.sam, id), []);
  const mentioned = await ask(people.tutor, `{ room(id: "${roomId}") { mine { mentions } } }`);
  assert.equal(mentioned.room.mine.mentions, 0);

  const edit = (more: object = {}) => ({ messageId: id, body: "other", ...more });
  await refused(undefined, "editMessage", edit(), "HW401");
  await refused(people.tutor, "editMessage", edit(), "HW403");
  await refused(people.stranger, "editMessage", edit(), "HW404");
  await refused(people.sam, "editMessage", edit({ messageId: randomUUID() }), "HW404");
  await refused(people.sam, "editMessage", edit({ body: "" }), "HW422 body");
  await refused(people.sam, "editMessage", edit({ body: "x".repeat(4001) }), "HW422 body");
  await refused(people.sam, "editMessage", edit({ body: `@[S](${people.stranger})` }), "HW422 mentionIds");
  await refused(people.sam, "editMessage", edit({ body: "@room" }), "HW409 body");
  await value("update chat.messages set created_at = now() - interval '24 hours 1 second' where id = $1", id);
  await refused(people.sam, "editMessage", edit(), "HW409");
});

test("a deleted message keeps its place and loses its words, except for staff", async () => {
  const { people, roomId, say, act, refused, ask } = chat;
  const own = await say(people.sam, roomId, "Oops");
  const others = await say(people.sam, roomId, "Rude");
  await refused(undefined, "deleteMessage", { messageId: own.id }, "HW401");
  await refused(people.stranger, "deleteMessage", { messageId: own.id }, "HW404");
  await refused(
    people.sam,
    "deleteMessage",
    { messageId: (await say(people.owner, roomId, "Mine")).id },
    "HW403",
  );
  const first = await act(people.sam, "deleteMessage", { messageId: own.id }, "body deletedAt seq");
  assert.deepEqual([first.body, first.seq, first.deletedAt !== null], ["", own.seq, true]);
  assert.deepEqual(
    await act(people.sam, "deleteMessage", { messageId: own.id }, "body deletedAt seq"),
    first,
  );
  await act(people.tutor, "deleteMessage", { messageId: others.id });
  assert.deepEqual(await versions(people.owner, own.id), [{ change: "deleted", body: "Oops" }]);
  assert.deepEqual(await versions(people.sam, own.id), []);
  await refused(people.sam, "editMessage", { messageId: own.id, body: "Back" }, "HW409");
  await refused(people.sam, "react", { messageId: own.id, emoji: "👍" }, "HW409");
  const { room } = await ask(
    people.owner,
    `{ room(id: "${roomId}") { moderation { nodes { action actor { name } person { name } } } } }`,
  );
  assert.deepEqual(room.moderation.nodes, [
    { action: "delete", actor: { name: "Tutor" }, person: { name: "Sam" } },
  ]);
});

test("reactions are counted by emoji, one of each per person, and can be taken back", async () => {
  const { people, roomId, say, act, refused } = chat;
  const { id: messageId } = await say(people.owner, roomId, "Frogspawn!");
  const fields = "reactionCounts { emoji count isMine }";
  await act(people.sam, "react", { messageId, emoji: "🐸" });
  await act(people.sam, "react", { messageId, emoji: "🐸" });
  await act(people.sam, "react", { messageId, emoji: "👩‍👩‍👧‍👦" });
  const { reactionCounts } = await act(people.tutor, "react", { messageId, emoji: "🐸" }, fields);
  assert.deepEqual(reactionCounts, [
    { emoji: "🐸", count: 2, isMine: true },
    { emoji: "👩‍👩‍👧‍👦", count: 1, isMine: false },
  ]);
  const left = await act(people.sam, "unreact", { messageId, emoji: "🐸" }, fields);
  assert.deepEqual(left.reactionCounts[1], { emoji: "🐸", count: 1, isMine: false });
  await act(people.sam, "unreact", { messageId, emoji: "🐸" });
  for (const mutation of ["react", "unreact"]) {
    await refused(undefined, mutation, { messageId, emoji: "🐸" }, "HW401");
    await refused(people.stranger, mutation, { messageId, emoji: "🐸" }, "HW404");
    await refused(people.sam, mutation, { messageId: randomUUID(), emoji: "🐸" }, "HW404");
    for (const emoji of ["", "x".repeat(17), "two words"])
      await refused(people.sam, mutation, { messageId, emoji }, "HW422 emoji");
  }
  for (let n = 0; n < 19; n++) await act(people.sam, "react", { messageId, emoji: `:${n}:` });
  await refused(people.sam, "react", { messageId, emoji: "one-more" }, "HW409");
});

test("staff pins messages, and anybody in a direct conversation", async () => {
  const { people, roomId, say, act, refused, ask } = chat;
  const { id: messageId } = await say(people.sam, roomId, "The timetable");
  await refused(people.sam, "pinMessage", { messageId }, "HW403");
  await refused(people.stranger, "pinMessage", { messageId }, "HW404");
  await refused(undefined, "unpinMessage", { messageId }, "HW401");
  for (const _ of [1, 2]) await act(people.tutor, "pinMessage", { messageId });
  const look = `{ room(id: "${roomId}") { pins { nodes { message { body } pinner { name } } } } }`;
  const pinned = { message: { body: "The timetable" }, pinner: { name: "Tutor" } };
  assert.deepEqual((await ask(people.sam, look)).room.pins.nodes, [pinned]);
  await act(people.owner, "unpinMessage", { messageId });
  assert.deepEqual((await ask(people.sam, look)).room.pins.nodes, []);
  await act(people.owner, "pinMessage", { messageId });
  await act(people.sam, "deleteMessage", { messageId });
  assert.deepEqual((await ask(people.sam, look)).room.pins.nodes, []);
  await refused(people.owner, "pinMessage", { messageId }, "HW409");
  const direct = await act(people.sam, "openDirect", { personIds: [people.tutor], clientId: randomUUID() });
  await act(people.sam, "pinMessage", { messageId: (await say(people.tutor, direct.id, "Hello")).id });
});
