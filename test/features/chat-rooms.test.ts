import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, test } from "node:test";
import { type Chat, openChat } from "./chat-support.ts";

let chat: Chat;
before(async () => {
  chat = await openChat();
});
after(() => chat[Symbol.asyncDispose]());

const names = "{ myRooms { nodes { id } } }";
const mine = async (person: string): Promise<string[]> =>
  (await chat.ask(person, names)).myRooms.nodes.map(({ id }: { id: string }) => id);

test("a group has its room from the start, everybody in it is in the room, and nobody leaves it", async () => {
  const { people, roomId, classId, value } = chat;
  for (const person of [people.owner, people.tutor, people.sam])
    assert.deepEqual(await mine(person), [roomId]);
  assert.deepEqual(await mine(people.stranger), []);
  await chat.refused(people.sam, "leaveRoom", { roomId }, "HW409");
  await chat.refused(people.owner, "removeFromRoom", { roomId, personId: people.sam }, "HW409");
  await value("update app.groups set name = 'Botany' where id = $1", classId);
  assert.equal((await chat.ask(people.sam, `{ room(id: "${roomId}") { name title } }`)).room.name, "Botany");
});

test("an open room is seen by its group, entered and left at will; it is read only from inside", async () => {
  const { people, makeRoom, act, ask, say, refused } = chat;
  const roomId = await makeRoom("open", "Frogs");
  await say(people.owner, roomId, "Who likes frogs?");
  const look = `{ room(id: "${roomId}") { name mine { unread } messages { totalCount } } }`;
  assert.deepEqual((await ask(people.sam, look)).room, {
    name: "Frogs",
    mine: null,
    messages: { totalCount: 0 },
  });
  assert.equal((await ask(people.stranger, look)).room, null);
  await refused(people.sam, "sendMessage", { roomId, body: "I", clientId: randomUUID() }, "HW404");
  await refused(people.stranger, "joinRoom", { roomId }, "HW404");
  for (const _ of [1, 2]) await act(people.sam, "joinRoom", { roomId });
  const inside = { name: "Frogs", mine: { unread: 0 }, messages: { totalCount: 1 } };
  assert.deepEqual((await ask(people.sam, look)).room, inside);
  await say(people.sam, roomId, "I do");
  assert.equal((await mine(people.sam))[0], roomId);
  await act(people.sam, "leaveRoom", { roomId });
  assert.equal((await ask(people.sam, look)).room.mine, null);
});

test("a closed room is for those whom staff adds; staff sees that it is there and may add itself", async () => {
  const { people, makeRoom, act, ask, say, refused, enrol } = chat;
  const roomId = await makeRoom("closed", "Grades talk");
  const other = await enrol("Other", "student");
  const look = `{ room(id: "${roomId}") { name messages { totalCount } members { nodes { person { name } } } } }`;
  assert.equal((await ask(people.sam, look)).room, null);
  await refused(people.sam, "joinRoom", { roomId }, "HW404");
  await say(people.owner, roomId, "About the grades");
  assert.equal((await ask(people.tutor, look)).room.messages.totalCount, 0);
  await refused(people.tutor, "joinRoom", { roomId }, "HW403");
  for (const _ of [1, 2]) await act(people.tutor, "addToRoom", { roomId, personId: people.sam });
  await act(people.tutor, "addToRoom", { roomId, personId: people.tutor });
  assert.equal((await ask(people.tutor, look)).room.messages.totalCount, 1);
  const seen = (await ask(people.sam, look)).room.members.nodes.map(
    ({ person }: { person: { name: string } }) => person.name,
  );
  assert.deepEqual(seen.sort(), ["Ada", "Sam", "Tutor"]);
  await refused(people.sam, "addToRoom", { roomId, personId: other }, "HW403");
  await refused(other, "addToRoom", { roomId, personId: other }, "HW404");
  await refused(people.owner, "addToRoom", { roomId, personId: people.stranger }, "HW404 personId");
  await refused(people.sam, "removeFromRoom", { roomId, personId: people.tutor }, "HW403");
  await refused(people.owner, "removeFromRoom", { roomId, personId: other }, "HW404 personId");
  await act(people.owner, "removeFromRoom", { roomId, personId: people.sam });
  assert.equal((await ask(people.sam, look)).room, null);
  const audit = await ask(
    people.owner,
    `{ room(id: "${roomId}") { moderation(orderBy: PRIMARY_KEY_ASC) { nodes { action } } } }`,
  );
  assert.deepEqual(audit.room.moderation.nodes.map(({ action }: { action: string }) => action).sort(), [
    "add",
    "add",
    "remove",
  ]);
});

test("in a room for announcements everybody reads and staff writes; who comes later is in it too", async () => {
  const { people, makeRoom, ask, say, refused, enrol, value } = chat;
  const roomId = await makeRoom("announcement");
  await say(people.tutor, roomId, "No school tomorrow");
  await refused(people.sam, "sendMessage", { roomId, body: "Hurray", clientId: randomUUID() }, "HW403");
  const late = await enrol("Late", "student");
  const look = `{ room(id: "${roomId}") { mine { mayWrite unread } messages { totalCount } } }`;
  const { room } = await ask(late, look);
  assert.deepEqual(room, { mine: { mayWrite: false, unread: 0 }, messages: { totalCount: 1 } });
  assert.equal((await ask(people.tutor, look)).room.mine.mayWrite, true);
  await value("delete from app.memberships where person_id = $1", late);
  assert.equal((await ask(late, look)).room, null);
});

test("making a room: for staff, once per clientId, with a name and a kind that fit", async () => {
  const { people, classId, act, refused, value } = chat;
  const input = { groupId: classId, name: " Newts ", kind: "open", clientId: randomUUID() };
  const first = await act(people.tutor, "createRoom", input, "id name kind includesGroup creator { name }");
  assert.deepEqual(
    [first.name, first.kind, first.includesGroup, first.creator.name],
    ["Newts", "open", false, "Tutor"],
  );
  const again = await act(people.tutor, "createRoom", { ...input, name: "Others" }, "id name");
  assert.deepEqual(again, { id: first.id, name: "Newts" });
  const fresh = { ...input, clientId: randomUUID() };
  await refused(undefined, "createRoom", fresh, "HW401");
  await refused(people.sam, "createRoom", fresh, "HW403");
  await refused(people.stranger, "createRoom", fresh, "HW404 groupId");
  await refused(people.tutor, "createRoom", { ...fresh, groupId: randomUUID() }, "HW404 groupId");
  await refused(people.tutor, "createRoom", { ...fresh, name: "  " }, "HW422 name");
  await refused(people.tutor, "createRoom", { ...fresh, name: "x".repeat(201) }, "HW422 name");
  await refused(people.tutor, "createRoom", { ...fresh, kind: "direct" }, "HW422 kind");
  await refused(people.tutor, "createRoom", { ...fresh, clientId: "7" }, "HW422 clientId");
  await refused(people.sam, "renameRoom", { roomId: first.id, name: "Mine" }, "HW403");
  await refused(people.tutor, "renameRoom", { roomId: first.id, name: "" }, "HW422 name");
  assert.equal(
    (await act(people.owner, "renameRoom", { roomId: first.id, name: "Toads" }, "name")).name,
    "Toads",
  );
  await value("update app.groups set archived_at = now() where id = $1", classId);
  await refused(
    people.owner,
    "sendMessage",
    { roomId: chat.roomId, body: "x", clientId: randomUUID() },
    "HW409",
  );
  await value("update app.groups set archived_at = null where id = $1", classId);
});

test("staff of the community makes rooms that stand alone; those in it know each other from there", async () => {
  const { people, act, ask, refused, value, enrol } = chat;
  const guest = await enrol("Guest");
  const board = { groupId: null, name: "Board", kind: "closed", clientId: randomUUID() };
  await refused(people.tutor, "createRoom", board, "HW403 groupId");
  await value("update app.people set community_role = 'owner' where id = $1", people.owner);
  await refused(people.owner, "createRoom", { ...board, kind: "open" }, "HW422 kind");
  const { id: roomId } = await act(people.owner, "createRoom", board);
  await act(people.owner, "addToRoom", { roomId, personId: guest });
  const { room } = await ask(guest, `{ room(id: "${roomId}") { members { nodes { person { name } } } } }`);
  assert.equal(
    room.members.nodes.every(({ person }: { person: object | null }) => person),
    true,
  );
  await act(guest, "leaveRoom", { roomId });
  await value("update app.people set community_role = 'member' where id = $1", people.owner);
});
