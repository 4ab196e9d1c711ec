import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Community, openCommunity, uuid } from "./people-support.ts";

let school: Community;
before(async () => {
  school = await openCommunity();
});
after(() => school[Symbol.asyncDispose]());

const long = (length: number) => "x".repeat(length);

test("anybody who is not a minor makes a group and owns it; the same clientId makes it once", async () => {
  const { call, refusal, people, one } = school;
  const input = { kind: "club", name: "Chess", description: "Fridays", clientId: uuid() };
  const made = await call(people.stranger, "createGroup", input, "{ id name kind description }");
  assert.deepEqual([made.name, made.kind, made.description], ["Chess", "club", "Fridays"]);
  const again = await call(people.stranger, "createGroup", { ...input, name: "Other" }, "{ id name }");
  assert.deepEqual(again, { id: made.id, name: "Chess" });
  const { role } = await one<{ role: string }>("select role from app.memberships where group_id = $1", [
    made.id,
  ]);
  assert.equal(role, "owner");
  const child = await school.member("Child", "student");
  await one("update app.people set is_minor = true where id = $1", [child]);
  assert.deepEqual(await refusal(child, "createGroup", { ...input, clientId: uuid() }), ["HW403", undefined]);
  assert.deepEqual(await refusal(undefined, "createGroup", input), ["HW401", undefined]);
  const wrong: [object, string][] = [
    [{ kind: "Two Words" }, "kind"],
    [{ kind: "" }, "kind"],
    [{ name: "  " }, "name"],
    [{ name: long(201) }, "name"],
    [{ description: long(2001) }, "description"],
  ];
  for (const [change, field] of wrong)
    assert.deepEqual(
      await refusal(people.stranger, "createGroup", { ...input, clientId: uuid(), ...change }),
      ["HW422", field],
    );
});

test("an owner changes and archives a group; its teachers, its students and strangers do not", async () => {
  const { call, refusal, people, classId, head } = school;
  const rename = { groupId: classId, name: "Biology 8" };
  assert.equal((await call(people.owner, "updateGroup", rename, "{ name kind }")).name, "Biology 8");
  assert.equal(
    (await call(head, "updateGroup", { groupId: classId, kind: "club" }, "{ kind }")).kind,
    "club",
  );
  await call(head, "updateGroup", { groupId: classId, kind: "class", name: "Biology" });
  for (const mutation of ["updateGroup", "archiveGroup"]) {
    const input = mutation === "updateGroup" ? rename : { groupId: classId };
    assert.deepEqual(await refusal(people.tutor, mutation, input), ["HW403", undefined]);
    assert.deepEqual(await refusal(people.sam, mutation, input), ["HW403", undefined]);
    assert.deepEqual(await refusal(people.stranger, mutation, input), ["HW404", "groupId"]);
    assert.deepEqual(await refusal(people.owner, mutation, { ...input, groupId: uuid() }), [
      "HW404",
      "groupId",
    ]);
    assert.deepEqual(await refusal(undefined, mutation, input), ["HW401", undefined]);
  }
  assert.deepEqual(await refusal(people.owner, "updateGroup", { groupId: classId, name: "" }), [
    "HW422",
    "name",
  ]);
  assert.deepEqual(await refusal(people.owner, "updateGroup", { groupId: classId, kind: "?" }), [
    "HW422",
    "kind",
  ]);
  const archived = await call(people.owner, "archiveGroup", { groupId: classId }, "{ archivedAt }");
  assert.ok(archived.archivedAt);
  assert.deepEqual(
    await call(people.owner, "archiveGroup", { groupId: classId }, "{ archivedAt }"),
    archived,
  );
  assert.deepEqual(
    await refusal(people.owner, "inviteToGroup", { groupId: classId, email: "a@b.example", name: "A" }),
    ["HW409", undefined],
  );
  const back = await call(
    people.owner,
    "archiveGroup",
    { groupId: classId, archived: false },
    "{ archivedAt }",
  );
  assert.equal(back.archivedAt, null);
});

test("roles: an owner gives any, a teacher only among students, parents and members; one owner stays", async () => {
  const { call, refusal, member, people, one, classId } = school;
  const membership = async (person: string) =>
    (
      await one<{ id: string }>("select id from app.memberships where group_id = $1 and person_id = $2", [
        classId,
        person,
      ])
    ).id;
  const ina = await member("Ina", "student");
  const membershipId = await membership(ina);
  const role = "{ role }";
  assert.deepEqual(await call(people.tutor, "changeRole", { membershipId, role: "parent" }, role), {
    role: "parent",
  });
  assert.deepEqual(await refusal(people.tutor, "changeRole", { membershipId, role: "teacher" }), [
    "HW403",
    undefined,
  ]);
  assert.deepEqual(await refusal(people.sam, "changeRole", { membershipId, role: "member" }), [
    "HW403",
    undefined,
  ]);
  assert.deepEqual(await refusal(people.stranger, "changeRole", { membershipId, role: "member" }), [
    "HW404",
    "membershipId",
  ]);
  assert.deepEqual(await refusal(people.owner, "changeRole", { membershipId, role: "boss" }), [
    "HW422",
    "role",
  ]);
  assert.deepEqual(await refusal(people.owner, "changeRole", { membershipId: uuid(), role: "member" }), [
    "HW404",
    "membershipId",
  ]);
  const owners = await membership(people.owner);
  assert.deepEqual(await refusal(people.owner, "changeRole", { membershipId: owners, role: "member" }), [
    "HW409",
    undefined,
  ]);
  assert.deepEqual(await refusal(people.tutor, "removeMember", { membershipId: owners }), [
    "HW403",
    undefined,
  ]);
  assert.deepEqual(await refusal(people.owner, "removeMember", { membershipId: owners }), [
    "HW409",
    undefined,
  ]);
  assert.deepEqual(await refusal(people.owner, "leaveGroup", { groupId: classId }), ["HW409", undefined]);
  assert.deepEqual(await refusal(people.stranger, "leaveGroup", { groupId: classId }), ["HW404", "groupId"]);
  assert.deepEqual(await refusal(people.sam, "removeMember", { membershipId }), ["HW403", undefined]);
  assert.deepEqual(await refusal(people.stranger, "removeMember", { membershipId }), [
    "HW404",
    "membershipId",
  ]);
  await call(people.tutor, "removeMember", { membershipId });
  assert.deepEqual(await refusal(people.tutor, "removeMember", { membershipId }), ["HW404", "membershipId"]);
  const [adult, child] = [await member("Adult", "student"), await member("Kid", "student")];
  await one("update app.people set is_minor = true where id = $1", [child]);
  await call(adult, "leaveGroup", { groupId: classId });
  assert.deepEqual(await refusal(child, "leaveGroup", { groupId: classId }), ["HW403", undefined]);
});

test("two owners who leave at once: one of them stays", async () => {
  const { as, call, member, people, one } = school;
  const { id: groupId } = await call(people.stranger, "createGroup", {
    kind: "club",
    name: "Two",
    clientId: uuid(),
  });
  const second = await member("Second", "member");
  await one("insert into app.memberships (group_id, person_id, role) values ($1, $2, 'owner')", [
    groupId,
    second,
  ]);
  const leave = (person: string) =>
    as(person)(`mutation { leaveGroup(input: { groupId: "${groupId}" }) { result { id } } }`);
  const answers = await Promise.all([leave(people.stranger), leave(second)]);
  assert.deepEqual(answers.map(({ errors }) => errors[0]?.extensions.code ?? "left").sort(), [
    "HW409",
    "left",
  ]);
});

test("people change what they say about themselves, and it is checked", async () => {
  const { call, refusal, people } = school;
  const fields = "{ name locale timeZone }";
  assert.deepEqual(
    await call(
      people.sam,
      "updateProfile",
      { name: " Samuel ", locale: "id", timeZone: "Asia/Jakarta" },
      fields,
    ),
    { name: "Samuel", locale: "id", timeZone: "Asia/Jakarta" },
  );
  assert.deepEqual(await call(people.sam, "updateProfile", { name: "Sam" }, fields), {
    name: "Sam",
    locale: "id",
    timeZone: "Asia/Jakarta",
  });
  assert.deepEqual(await call(people.sam, "updateProfile", { locale: "", timeZone: "" }, fields), {
    name: "Sam",
    locale: null,
    timeZone: null,
  });
  const wrong: [object, string][] = [
    [{ name: " " }, "name"],
    [{ name: long(201) }, "name"],
    [{ locale: "tlh" }, "locale"],
    [{ timeZone: "Mars/Olympus" }, "timeZone"],
    [{ timeZone: "UTC+3; drop" }, "timeZone"],
  ];
  for (const [input, field] of wrong)
    assert.deepEqual(await refusal(people.sam, "updateProfile", input), ["HW422", field]);
  assert.deepEqual(await refusal(undefined, "updateProfile", { name: "Nobody" }), ["HW401", undefined]);
});

test("the community belongs to its owners, of whom one stays", async () => {
  const { call, refusal, people, head } = school;
  const input = {
    name: "North School",
    colour: "#ABCDEF",
    timeZone: "Europe/Berlin",
    minorsChatWith: "teachers",
  };
  const fields = "{ name colour timeZone minorsChatWith studentsAreMinors }";
  assert.deepEqual(await call(head, "updateCommunity", input, fields), {
    ...input,
    colour: "#abcdef",
    studentsAreMinors: true,
  });
  for (const person of [people.owner, people.sam])
    assert.deepEqual(await refusal(person, "updateCommunity", input), ["HW403", undefined]);
  assert.deepEqual(await refusal(undefined, "updateCommunity", input), ["HW401", undefined]);
  const wrong: [object, string][] = [
    [{ name: "" }, "name"],
    [{ colour: "red" }, "colour"],
    [{ locale: "x" }, "locale"],
    [{ timeZone: "x" }, "timeZone"],
    [{ minorsChatWith: "x" }, "minorsChatWith"],
  ];
  for (const [change, field] of wrong)
    assert.deepEqual(await refusal(head, "updateCommunity", change), ["HW422", field]);

  const staff = { personId: people.tutor, role: "staff" };
  assert.equal((await call(head, "setCommunityRole", staff, "{ communityRole }")).communityRole, "staff");
  await call(head, "setCommunityRole", { personId: people.tutor, role: "member" });
  assert.deepEqual(await refusal(people.owner, "setCommunityRole", staff), ["HW403", undefined]);
  assert.deepEqual(await refusal(head, "setCommunityRole", { personId: head, role: "staff" }), [
    "HW409",
    undefined,
  ]);
  assert.deepEqual(await refusal(head, "setCommunityRole", { ...staff, personId: uuid() }), [
    "HW404",
    "personId",
  ]);
  assert.deepEqual(await refusal(head, "setCommunityRole", { ...staff, role: "king" }), ["HW422", "role"]);
});

test("a guardian sees the child, its groups and who runs them, but neither the other students nor the chat", async () => {
  const { as, call, refusal, member, people, head, one, classId, roomId } = school;
  const child = await member("Nina", "student");
  const { id: mother } = await one<{ id: string }>(
    "insert into app.people (name) values ('Mother') returning id",
  );
  const input = { childId: child, guardianId: mother };
  assert.deepEqual(await refusal(people.tutor, "addGuardian", input), ["HW404", "guardianId"]); // a stranger to the tutor
  assert.deepEqual(await refusal(people.sam, "addGuardian", input), ["HW403", undefined]);
  assert.deepEqual(await refusal(people.stranger, "addGuardian", input), ["HW404", "childId"]);
  assert.deepEqual(await refusal(undefined, "addGuardian", input), ["HW401", undefined]);
  assert.deepEqual(await refusal(head, "addGuardian", { ...input, guardianId: child }), [
    "HW422",
    "guardianId",
  ]);
  assert.deepEqual(await refusal(people.tutor, "addGuardian", { childId: child, guardianId: people.tutor }), [
    "HW403",
    undefined,
  ]);
  const hidden = `{ group(id: "${classId}") { id } }`;
  assert.equal((await as(mother)(hidden)).data.group, null);

  const made = await call(head, "addGuardian", input);
  assert.deepEqual(await call(head, "addGuardian", input), made);
  const { data } = await as(mother)(`{
    groups { nodes { name } } people { nodes { id } } memberships { nodes { personId } } rooms { nodes { id } }
  }`);
  assert.deepEqual(data.groups.nodes, [{ name: "Biology" }]);
  const { rows: staff } = await school.world.pool.query(
    "select person_id from app.memberships where group_id = $1 and role in ('owner', 'teacher')",
    [classId],
  );
  const seen = [child, ...staff.map(({ person_id }) => person_id)].sort();
  const ids = (nodes: Record<string, string>[], key: string) => nodes.map((node) => node[key]).sort();
  assert.deepEqual(ids(data.memberships.nodes, "personId"), seen);
  assert.deepEqual(ids(data.people.nodes, "id"), [...seen, mother].sort());
  assert.deepEqual(data.rooms.nodes, []);
  const say = { roomId, body: "Hello", clientId: uuid() };
  assert.deepEqual(await refusal(mother, "sendMessage", say), ["HW404", undefined]);

  assert.deepEqual(await refusal(people.stranger, "removeGuardian", { guardianshipId: made.id }), [
    "HW404",
    "guardianshipId",
  ]);
  assert.deepEqual(await refusal(child, "removeGuardian", { guardianshipId: made.id }), ["HW403", undefined]);
  await call(people.tutor, "removeGuardian", { guardianshipId: made.id });
  assert.equal((await as(mother)(hidden)).data.group, null);
});

test("who is a minor and who minds them is decided in groups that the community made, not in anybody's own", async () => {
  const { call, refusal, member, people, one } = school;
  const child = await member("Omar", "student");
  const minor = { personId: child, isMinor: true };
  assert.equal((await call(people.tutor, "setMinor", minor, "{ isMinor }")).isMinor, true);
  const { id: groupId } = await call(people.stranger, "createGroup", {
    kind: "class",
    name: "Trap",
    clientId: uuid(),
  });
  await one("insert into app.memberships (group_id, person_id, role) values ($1, $2, 'student')", [
    groupId,
    child,
  ]);
  assert.deepEqual(await refusal(people.stranger, "setMinor", { ...minor, isMinor: false }), [
    "HW403",
    undefined,
  ]);
  assert.deepEqual(
    await refusal(people.stranger, "addGuardian", { childId: child, guardianId: people.stranger }),
    ["HW403", undefined],
  );
  assert.deepEqual(await refusal(people.sam, "setMinor", minor), ["HW403", undefined]);
  assert.deepEqual(await refusal(people.tutor, "setMinor", { ...minor, personId: uuid() }), [
    "HW404",
    "personId",
  ]);
  assert.deepEqual(await refusal(undefined, "setMinor", minor), ["HW401", undefined]);
  assert.deepEqual(await refusal(child, "setMinor", { ...minor, isMinor: false }), ["HW403", undefined]);
});
