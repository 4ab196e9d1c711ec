import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, test } from "node:test";
import { type Chat, openChat } from "./chat-support.ts";

let chat: Chat;
before(async () => {
  chat = await openChat();
});
after(() => chat[Symbol.asyncDispose]());

const message = (roomId: string, body: string, more: object = {}) => ({
  roomId,
  body,
  clientId: randomUUID(),
  ...more,
});

test("a message must have words, a known room and a clientId; nothing else is stored", async () => {
  const { people, roomId, refused } = chat;
  const to = (more: object) => ({ ...message(roomId, "hello"), ...more });
  await refused(undefined, "sendMessage", to({}), "HW401");
  await refused(people.stranger, "sendMessage", to({}), "HW404");
  await refused(people.sam, "sendMessage", to({ roomId: randomUUID() }), "HW404");
  await refused(people.sam, "sendMessage", to({ body: " \n " }), "HW422 body");
  await refused(people.sam, "sendMessage", to({ body: "x".repeat(4001) }), "HW422 body");
  await refused(people.sam, "sendMessage", to({ body: null }), "HW422 body");
  await refused(people.sam, "sendMessage", to({ clientId: null }), "HW422 clientId");
  await refused(people.sam, "sendMessage", to({ clientId: "again" }), "HW422 clientId");
  await chat.say(people.sam, roomId, "x".repeat(4000));
});

test("a reply belongs to a message of the room, one level deep", async () => {
  const { people, roomId, say, ask, refused, makeRoom } = chat;
  const first = await say(people.owner, roomId, "Who brings a jar?");
  const reply = await say(people.sam, roomId, "I do", { replyToId: first.id });
  const { message: found } = await ask(
    people.tutor,
    `{ message(id: "${first.id}") { replies { nodes { body replyTo { id } } } } }`,
  );
  assert.deepEqual(found.replies.nodes, [{ body: "I do", replyTo: { id: first.id } }]);
  const elsewhere = await say(people.owner, await makeRoom("closed"), "Secret");
  const answer = (replyToId: string) => message(roomId, "x", { replyToId });
  await refused(people.sam, "sendMessage", answer(reply.id), "HW422 replyToId");
  await refused(people.sam, "sendMessage", answer(elsewhere.id), "HW404 replyToId");
  await refused(people.sam, "sendMessage", answer(randomUUID()), "HW404 replyToId");
  await chat.act(people.owner, "deleteMessage", { messageId: first.id });
  await refused(people.sam, "sendMessage", answer(first.id), "HW409");
});

test("people are mentioned by name in the words or by their ids, once each; only those in the room", async () => {
  const { people, roomId, act, refused, enrol } = chat;
  const fields = "body mentionIds mentions { nodes { person { name } } }";
  const inWords = message(roomId, `Hi @[Tutor](${people.tutor}) and @[Tutor](${people.tutor})`);
  const said = await act(people.sam, "sendMessage", inWords, fields);
  assert.deepEqual(said.mentionIds, [people.tutor]);
  assert.deepEqual(said.mentions.nodes, [{ person: { name: "Tutor" } }]);
  const both = message(roomId, `@[Tutor](${people.tutor})`, { mentionIds: [people.owner, people.tutor] });
  assert.equal((await act(people.sam, "sendMessage", both, fields)).mentionIds.length, 2);
  const outsider = message(roomId, "x", { mentionIds: [people.stranger] });
  await refused(people.sam, "sendMessage", outsider, "HW422 mentionIds");
  await refused(people.sam, "sendMessage", message(roomId, `@[S](${people.stranger})`), "HW422 mentionIds");
  const unknown = message(roomId, "x", { mentionIds: [randomUUID()] });
  await refused(people.sam, "sendMessage", unknown, "HW422 mentionIds");
  const many = [];
  for (let n = 0; n < 51; n++) many.push(await enrol(`Pupil ${n}`, "student"));
  await refused(people.sam, "sendMessage", message(roomId, "x", { mentionIds: many }), "HW422 mentionIds");
  await act(people.sam, "sendMessage", message(roomId, "x", { mentionIds: many.slice(0, 50) }));
  const plain = await act(
    people.sam,
    "sendMessage",
    message(roomId, "@[Tutor](tutor) a@room.example"),
    "mentionIds mentionsRoom",
  );
  assert.deepEqual(plain, { mentionIds: [], mentionsRoom: false });
});

test("@room is for staff, and above 20 people only when meant", async () => {
  const { people, roomId, makeRoom, act, refused, ask } = chat;
  const small = await makeRoom("closed", "Small");
  await act(people.owner, "addToRoom", { roomId: small, personId: people.sam });
  await refused(people.sam, "sendMessage", message(small, "@room come"), "HW403 body");
  const call = message(small, "Please (@room) come");
  assert.equal((await act(people.owner, "sendMessage", call, "mentionsRoom")).mentionsRoom, true);
  const { room } = await ask(people.sam, `{ room(id: "${small}") { mine { mentions unread } } }`);
  assert.deepEqual(room.mine, { mentions: 1, unread: 1 });
  await refused(people.owner, "sendMessage", message(roomId, "@room come"), "HW409 confirm");
  await refused(people.sam, "sendMessage", message(roomId, "@room come", { confirm: true }), "HW403 body");
  await act(people.owner, "sendMessage", message(roomId, "@room come", { confirm: true }));
});

test("slow mode says how long to wait; staff need not, and sending again is no new message", async () => {
  const { people, roomId, act, say, refused, as, ask, value } = chat;
  await refused(people.sam, "setSlowMode", { roomId, seconds: 10 }, "HW403");
  await refused(people.stranger, "setSlowMode", { roomId, seconds: 10 }, "HW404");
  for (const seconds of [-1, 3601])
    await refused(people.owner, "setSlowMode", { roomId, seconds }, "HW422 seconds");
  await act(people.tutor, "setSlowMode", { roomId, seconds: 3600 });
  await value("update chat.room_members set last_sent_at = null");
  const input = message(roomId, "slowly");
  const first = await act(people.sam, "sendMessage", input);
  assert.deepEqual(await act(people.sam, "sendMessage", input), first);
  await refused(people.sam, "sendMessage", message(roomId, "quickly"), "HW409");
  const { errors } = await as(people.sam)(
    "mutation ($input: SendMessageInput!) { sendMessage(input: $input) { result { id } } }",
    { input: message(roomId, "quickly") },
  );
  assert.match(errors[0]?.message ?? "", /wait 3\d\d\d seconds/);
  const look = `{ room(id: "${roomId}") { slowModeSeconds mine { waitSeconds } } }`;
  const { room } = await ask(people.sam, look);
  assert.ok(room.mine.waitSeconds > 3500);
  for (const body of ["one", "two"]) await say(people.tutor, roomId, body);
  assert.equal((await ask(people.tutor, look)).room.mine.waitSeconds, 0);
  await value("update chat.room_members set last_sent_at = now() - interval '1 hour 1 second'");
  await say(people.sam, roomId, "after an hour");
  await act(people.tutor, "setSlowMode", { roomId, seconds: 0 });
  await say(people.sam, roomId, "at once");
});

test("one person's devices send, read and are told at once without getting in each other's way", async () => {
  const { people, makeRoom, act, say, ask } = chat;
  const roomId = await makeRoom("closed");
  for (const person of [people.sam, people.tutor])
    await act(people.owner, "addToRoom", { roomId, personId: person });
  await say(people.owner, roomId, "Go");
  const at = (n: number) => [
    say(people.sam, roomId, `sam ${n}`),
    say(people.tutor, roomId, `tutor ${n}`),
    act(people.sam, "markRead", { roomId, seq: String(n) }),
    act(people.owner, "markRead", { roomId, seq: String(n) }),
  ];
  for (let n = 1; n <= 10; n++) await Promise.all(at(n));
  const { room } = await ask(people.sam, `{ room(id: "${roomId}") { lastSeq mine { lastReadSeq } } }`);
  assert.equal(room.lastSeq, "21");
});
