import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { bearer, message, openSchool, type School, sendMessage } from "./school.ts";

let school: School;
before(async () => {
  school = await openSchool();
});
after(() => school[Symbol.asyncDispose]());

const rooms = `{
  rooms { nodes {
    id name
    group { id name kind memberships { nodes { role person { id name } } } }
    messages(last: 50, orderBy: SEQ_ASC) { nodes { id seq body clientId createdAt sender { id name } } }
  } }
}`;

test("a member reads who she is and her rooms with members and messages in order", async () => {
  const { as, people, roomId, classId } = school;
  for (const body of ["one", "two", "three"]) await as(people.sam)(sendMessage, message(roomId, body));
  assert.deepEqual((await as(people.sam)("{ me { id name } }")).data, {
    me: { id: people.sam, name: "Sam" },
  });
  const { data, errors } = await as(people.sam)(rooms);
  assert.deepEqual(errors, []);
  const [room] = data.rooms.nodes;
  assert.deepEqual([room.id, room.group.id, room.group.kind], [roomId, classId, "class"]);
  const roles = room.group.memberships.nodes.map((member: { role: string }) => member.role);
  assert.deepEqual(roles.sort(), ["owner", "student", "teacher"]);
  const said = room.messages.nodes.map(({ seq, body }: { seq: string; body: string }) => `${seq} ${body}`);
  assert.deepEqual(said, ["1 one", "2 two", "3 three"]);
  assert.deepEqual(room.messages.nodes[0].sender, { id: people.sam, name: "Sam" });
});

test("a stranger sees no room, no message, no membership and nobody but himself", async () => {
  const { as, people, roomId } = school;
  const everything = `{
    room(id: "${roomId}") { id }
    rooms { totalCount } messages { totalCount } groups { totalCount } memberships { totalCount }
    people { nodes { id } }
  }`;
  const seen = await as(people.sam)(everything);
  assert.equal(seen.data.room.id, roomId);
  assert.equal(seen.data.rooms.totalCount, 1);
  const { data, errors } = await as(people.stranger)(everything);
  assert.deepEqual(errors, []);
  assert.deepEqual(data, {
    room: null,
    rooms: { totalCount: 0 },
    messages: { totalCount: 0 },
    groups: { totalCount: 0 },
    memberships: { totalCount: 0 },
    people: { nodes: [{ id: people.stranger }] },
  });
});

test("without a token lists are refused with HW401", async () => {
  const { errors, data } = await school.as(undefined)("{ rooms { nodes { id } } }");
  assert.equal(data.rooms, null);
  assert.equal(errors[0]?.extensions.code, "HW401");
  assert.match(errors[0]?.message ?? "", /not signed in/);
});

test("a cookie alone signs nobody in", async () => {
  const { post, people, world } = school;
  const { authorization = "" } = await bearer(people.sam, world.jwtSecret);
  const token = authorization.slice("Bearer ".length);
  const body = JSON.stringify({ query: "{ rooms { nodes { id } } }" });
  assert.equal((await post(body, { authorization })).data.rooms.nodes.length, 1);
  const { errors } = await post(body, { cookie: `session=${token}; howdah=${token}` });
  assert.equal(errors[0]?.extensions.code, "HW401");
});

test("messages page backwards with last and before", async () => {
  const { as, people, roomId } = school;
  const page = `query ($before: Cursor) { room(id: "${roomId}") {
    messages(last: 2, before: $before, orderBy: SEQ_ASC) { nodes { seq } pageInfo { hasPreviousPage startCursor } }
  } }`;
  const newest = (await as(people.sam)(page, { before: null })).data.room.messages;
  assert.deepEqual(
    newest.nodes.map((node: { seq: string }) => node.seq),
    ["2", "3"],
  );
  assert.equal(newest.pageInfo.hasPreviousPage, true);
  const older = (await as(people.sam)(page, { before: newest.pageInfo.startCursor })).data.room.messages;
  assert.deepEqual(older, {
    nodes: [{ seq: "1" }],
    pageInfo: { hasPreviousPage: false, startCursor: older.pageInfo.startCursor },
  });
});

test("lists are filtered and ordered by what is useful", async () => {
  const { as, people, classId } = school;
  const { data, errors } = await as(people.sam)(`{
    people(orderBy: NAME_DESC, filter: { name: { startsWithInsensitive: "a" } }) { nodes { name } }
    byName: people(orderBy: NAME_ASC) { nodes { name } }
    groups(filter: { kind: { equalTo: "class" } }) { nodes { id } }
    clubs: groups(filter: { kind: { equalTo: "club" } }) { nodes { id } }
    memberships(filter: { role: { in: ["owner", "teacher"] } }, orderBy: [ROLE_DESC]) { nodes { role } }
    rooms(filter: { group: { name: { equalTo: "Biology" } } }, orderBy: NAME_ASC) { nodes { name } }
    messages(filter: { seq: { greaterThan: "1" } }, orderBy: SEQ_DESC) { nodes { seq } }
  }`);
  assert.deepEqual(errors, []);
  assert.deepEqual(data, {
    people: { nodes: [{ name: "Ada" }] },
    byName: { nodes: [{ name: "Ada" }, { name: "Sam" }, { name: "Tutor" }] },
    groups: { nodes: [{ id: classId }] },
    clubs: { nodes: [] },
    memberships: { nodes: [{ role: "teacher" }, { role: "owner" }] },
    rooms: { nodes: [{ name: "Biology" }] },
    messages: { nodes: [{ seq: "3" }, { seq: "2" }] },
  });
});
