import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, test } from "node:test";
import { type Chat, chatOf } from "./chat-support.ts";
import { type Campus, openCampus } from "./notify-support.ts";

let school: Campus & Omit<Chat, keyof Campus>;
before(async () => {
  const campus = await openCampus();
  school = { ...chatOf(campus), ...campus };
});
after(() => school[Symbol.asyncDispose]());

test("a request to join tells staff of the group, once and without a name, until it is decided", async () => {
  const { act, people, classId, settle, value } = school;
  const newcomer = await school.enrol("Newcomer");
  const link = { groupId: classId, clientId: randomUUID(), needsApproval: true };
  const { token } = await act(people.tutor, "createInvitationLink", link, "token");
  for (const _ of [1, 2]) await act(newcomer, "acceptInvitation", { token }, "status");
  await settle();
  for (const person of [people.owner, people.tutor]) {
    const [told, ...more] = await inbox(person);
    assert.deepEqual(
      [told.title, told.path, more],
      ["Somebody asks to join Biology", `/groups/${classId}`, []],
    );
    assert.doesNotMatch(told.body, /Newcomer/);
  }
  assert.deepEqual([await inbox(newcomer), await inbox(people.sam)], [[], []]);
  const request = await value("select id from app.membership_requests where person_id = $1", newcomer);
  await act(people.tutor, "approveMembership", { membershipRequestId: request });
  await settle();
  assert.deepEqual([await inbox(people.owner), await inbox(people.tutor)], [[], []]);
});

test("a report tells who runs the room and is not concerned, once, neither by whom nor about whom", async () => {
  const { act, people, roomId, say, settle } = school;
  const [parent, bully] = [await school.enrol("Witness", "parent"), await school.enrol("Bully", "student")];
  const { id: messageId } = await say(bully, roomId, "You smell");
  for (const person of [people.sam, parent])
    await act(person, "reportMessage", { messageId, reason: "It made Sam cry" });
  await settle();
  for (const person of [people.owner, people.tutor]) {
    const [told, ...more] = await inbox(person);
    assert.deepEqual([told.title, told.path, more], ["A message was reported", `/rooms/${roomId}`, []]);
    assert.match(told.body, /in Biology/);
    assert.doesNotMatch(JSON.stringify(told), /Sam|Witness|Bully|smell|cry/);
  }
  for (const person of [people.sam, parent, bully]) assert.deepEqual(await inbox(person), []);
});

test("who is reported, or reports, is not told of it; where nobody else runs the room, the community's owner is", async () => {
  const { act, people, roomId, say, settle } = school;
  const head = await school.enrol("Head");
  await school.rows("update app.people set community_role = 'owner' where id = $1", head);
  const counts = async () =>
    (await Promise.all([people.owner, people.tutor, head].map(inbox))).map((i) => i.length);
  const [owner = 0, tutor = 0] = await counts();
  const mean = await say(people.tutor, roomId, "You are all stupid");
  await act(people.sam, "reportMessage", { messageId: mean.id, reason: "Mean" });
  await settle();
  assert.deepEqual(await counts(), [owner + 1, tutor, 0]);
  const direct = await act(people.sam, "openDirect", { personIds: [people.tutor], clientId: randomUUID() });
  const secret = await say(people.tutor, direct.id, "Do not tell anybody");
  await act(people.sam, "reportMessage", { messageId: secret.id, reason: "Odd" });
  await settle();
  assert.deepEqual(await counts(), [owner + 1, tutor, 1]);
  const { announcements } = await school.ask(head, "{ announcements { nodes { title } } }");
  assert.deepEqual(announcements.nodes, [], "nobody has made these, and nobody can withdraw them");
});

// biome-ignore lint/suspicious/noExplicitAny: answers are as different as the queries
async function inbox(person: string): Promise<any[]> {
  return (await school.ask(person, "{ inbox { nodes { title body path about } } }")).inbox.nodes;
}
