import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, test } from "node:test";
import { type Chat, openChat } from "./chat-support.ts";

let chat: Chat;
/** People by name: minors Mia and Max are students of the class; Ada owns it, Gina minds Mia, Pat is a parent there. */
const who: Record<string, string> = {};

before(async () => {
  chat = await openChat();
  const { people, enrol, value } = chat;
  Object.assign(who, { Ada: people.owner, Stranger: people.stranger });
  for (const name of ["Mia", "Max"]) who[name] = await enrol(name, "student");
  for (const name of ["Pat", "Pam"]) who[name] = await enrol(name, "parent");
  who.Gina = await enrol("Gina");
  await value("update app.people set is_minor = true where name in ('Mia', 'Max')");
  await value("insert into app.guardianships (guardian_id, child_id) values ($1, $2)", who.Gina, who.Mia);
});
after(() => chat[Symbol.asyncDispose]());

const policies = ["nobody", "teachers", "guardian-present", "everybody"];
const decisions: [people: string, allowedUnder: string[]][] = [
  ["Pat Pam", policies],
  ["Ada Pat", policies],
  ["Mia Max", policies],
  ["Gina Mia", policies],
  ["Ada Mia", ["teachers", "everybody"]],
  ["Pat Mia", ["everybody"]],
  ["Ada Mia Gina", ["teachers", "guardian-present", "everybody"]],
  ["Pat Mia Gina", ["guardian-present", "everybody"]],
  ["Ada Max Gina", ["everybody"]],
  ["Ada Mia Max Gina", ["everybody"]],
  ["Gina Max", ["everybody"]],
  ["Ada Pat Mia", ["everybody"]],
  ["Ada Pam Pat", policies],
];

for (const [names, allowedUnder] of decisions) {
  test(`${names} may talk directly under: ${allowedUnder.join(", ")}`, async () => {
    const ids = names.split(" ").map((name) => who[name]);
    const allowed = [];
    for (const policy of policies) {
      await chat.value("update app.community set minors_chat_with = $1", policy);
      if (await chat.value("select chat.direct_is_allowed($1)", ids)) allowed.push(policy);
    }
    assert.deepEqual(allowed, allowedUnder);
  });
}

test("the same people have the same conversation, whoever opens it and however often", async () => {
  const { act, ask } = chat;
  const { Pat = "", Pam = "", Ada = "" } = who;
  const open = (person: string, personIds: string[], clientId = randomUUID()) =>
    act(person, "openDirect", { personIds, clientId }, "id kind title");
  const clientId = randomUUID();
  const first = await open(Pat, [Pam], clientId);
  assert.deepEqual([first.kind, first.title], ["direct", "Pam"]);
  assert.equal((await open(Pat, [Pam], clientId)).id, first.id);
  assert.equal((await open(Pat, [Pam, Pam, Pat])).id, first.id);
  assert.deepEqual(await open(Pam, [Pat]), { ...first, title: "Pat" });
  const ids = await Promise.all(Array.from({ length: 5 }, () => open(Pat, [Pam, Ada])));
  assert.deepEqual([new Set(ids.map(({ id }) => id)).size, ids[0].title], [1, "Ada, Pam"]);
  assert.notEqual(ids[0].id, first.id);
  const look = `{ room(id: "${first.id}") { members { nodes { person { name } } } } }`;
  assert.equal((await ask(Pam, look)).room.members.nodes.length, 2);
  assert.equal((await ask(Ada, look)).room, null);
});

test("who shares no group stays unknown; too many, nobody, and minors are refused", async () => {
  const { refused, value, enrol, act } = chat;
  const { Pat = "", Pam = "", Mia = "", Stranger = "", Gina = "", Ada = "" } = who;
  const input = (...personIds: (string | null)[]) => ({ personIds, clientId: randomUUID() });
  await value("update app.community set minors_chat_with = 'nobody'");
  await refused(undefined, "openDirect", input(Pam), "HW401");
  await refused(Pat, "openDirect", input(), "HW422 personIds");
  await refused(Pat, "openDirect", input(Pat, null), "HW422 personIds");
  await refused(Pat, "openDirect", input(randomUUID()), "HW404 personIds");
  await refused(Pat, "openDirect", input(Stranger), "HW404 personIds");
  await refused(Stranger, "openDirect", input(Pat), "HW404 personIds");
  await refused(Pat, "openDirect", input(Mia), "HW403 personIds");
  const crowd = [];
  for (let n = 0; n < 9; n++) crowd.push(await enrol(`Parent ${n}`, "parent"));
  await refused(Pat, "openDirect", input(...crowd), "HW422 personIds");
  await act(Pat, "openDirect", input(...crowd.slice(0, 8)));
  await act(Gina, "openDirect", input(Ada));
});

test("a conversation falls silent when the policy changes, and speaks again; it can be read all the time", async () => {
  const { act, say, refused, ask, value } = chat;
  const { Ada = "", Mia = "" } = who;
  await value("update app.community set minors_chat_with = 'teachers'");
  const { id: roomId } = await act(Ada, "openDirect", { personIds: [Mia], clientId: randomUUID() });
  await say(Ada, roomId, "Hello Mia");
  await value("update app.community set minors_chat_with = 'nobody'");
  for (const person of [Ada, Mia])
    await refused(person, "sendMessage", { roomId, body: "x", clientId: randomUUID() }, "HW403");
  const look = `{ room(id: "${roomId}") { mine { mayWrite } messages { nodes { body } } } }`;
  assert.deepEqual((await ask(Mia, look)).room, {
    mine: { mayWrite: false },
    messages: { nodes: [{ body: "Hello Mia" }] },
  });
  await value("update app.community set minors_chat_with = 'everybody'");
  await say(Mia, roomId, "Hello Ada");
  await refused(Mia, "leaveRoom", { roomId }, "HW409");
  await refused(Ada, "renameRoom", { roomId, name: "x" }, "HW403");
  await refused(Mia, "addToRoom", { roomId, personId: who.Max }, "HW403");
});

test("people of a conversation see each other's names when they share no group any more", async () => {
  const { act, ask, value, enrol } = chat;
  const [left, stays] = [await enrol("Left", "parent"), who.Pat ?? ""];
  const { id: roomId } = await act(stays, "openDirect", { personIds: [left], clientId: randomUUID() });
  await chat.say(left, roomId, "Goodbye");
  await value("delete from app.memberships where person_id = $1", left);
  const { room } = await ask(stays, `{ room(id: "${roomId}") { messages { nodes { sender { name } } } } }`);
  assert.deepEqual(room.messages.nodes, [{ sender: { name: "Left" } }]);
  await chat.say(left, roomId, "Still here");
});
