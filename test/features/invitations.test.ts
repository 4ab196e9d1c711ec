import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Community, openCommunity, uuid } from "./people-support.ts";

let school: Community;
before(async () => {
  school = await openCommunity();
});
after(() => school[Symbol.asyncDispose]());

/** The token of the newest letter to an address. */
async function letterTo(address: string): Promise<{ token: string; template: string; count: number }> {
  return school.one(
    `select substring(w.text from '/sign-in#(\\S+)') as token, l.template, count(*) over ()::int as count
     from mail.letters l left join mail.words w on w.letter_id = l.id where l.recipient = $1 order by l.position desc limit 1`,
    [address],
  );
}

/** Opens a letter as its reader does; the person who is signed in by it. */
async function open(token: string): Promise<{ id: string; name: string } | undefined> {
  return school.one("select id, name from app.sign_in($1, $2, 'test')", [token, uuid()]);
}

const membershipsOf = async (person: string) =>
  (
    await school.world.pool.query<{ name: string; role: string }>(
      "select g.name, m.role from app.memberships m join app.groups g on g.id = m.group_id where m.person_id = $1",
      [person],
    )
  ).rows.map(({ name, role }) => `${role} of ${name}`);

const invited = "{ id email name role acceptedAt personId person { name } }";

test("a teacher's invitation says the same of a known and an unknown address, until its reader accepts", async () => {
  const { call, as, one, people, classId } = school;
  await one("select app.find_or_create_person('robert@home.example', 'Robert Known')");
  const told = async (email: string) => {
    const answer = await call(
      people.tutor,
      "inviteToGroup",
      { groupId: classId, email, name: "Rob" },
      invited,
    );
    const { id: _id, email: _email, ...rest } = answer;
    return rest;
  };
  const known = await told("robert@home.example");
  assert.deepEqual(known, { name: "Rob", role: "student", acceptedAt: null, personId: null, person: null });
  assert.deepEqual(await told("new@home.example"), known);
  assert.deepEqual(await told("new@home.example"), known, "again changes nothing");
  assert.equal((await letterTo("new@home.example")).count, 1);
  const { data } = await as(people.tutor)("{ people { nodes { name } } }");
  assert.ok(
    data.people.nodes.every(({ name }: { name: string }) => name !== "Robert Known" && name !== "Rob"),
  );

  const { token, template } = await letterTo("robert@home.example");
  assert.equal(template, "group-invitation");
  const robert = await open(token);
  assert.equal(robert?.name, "Robert Known");
  assert.deepEqual(await membershipsOf(robert?.id ?? ""), ["student of Biology"]);
  assert.equal(await open(token), undefined, "a letter signs in once");
  const fresh = await open((await letterTo("new@home.example")).token);
  assert.equal(fresh?.name, "Rob");
  const minors = "select is_minor from app.people where id = $1";
  assert.deepEqual(await one(minors, [fresh?.id]), { is_minor: true });
  assert.deepEqual(await one(minors, [robert?.id]), { is_minor: false });
});

test("staff of the community enrols at once, and the member who was removed can be invited anew", async () => {
  const { call, refusal, one, people, classId } = school;
  const input = { groupId: classId, email: "mira@home.example", name: "Mira", role: "member" };
  const first = await call(people.owner, "inviteToGroup", input, invited);
  assert.equal(first.person.name, "Mira");
  assert.deepEqual(await call(people.owner, "inviteToGroup", { ...input, role: "teacher" }, invited), first);
  const forwarded = { token: (await letterTo("mira@home.example")).token };
  assert.deepEqual(await refusal(people.stranger, "acceptInvitation", forwarded), ["HW404", "token"]);
  assert.equal((await letterTo("mira@home.example")).count, 1);
  const { id: membershipId } = await one<{ id: string }>(
    "select id from app.memberships where person_id = $1",
    [first.personId],
  );
  await call(people.owner, "removeMember", { membershipId });
  await call(people.owner, "inviteToGroup", input);
  assert.deepEqual(await membershipsOf(first.personId), ["member of Biology"]);
  assert.equal((await open((await letterTo("mira@home.example")).token))?.name, "Mira");
});

test("who was invited and asks for a link gets the invitation again; one that has expired is sent again", async () => {
  const { call, one, people, classId } = school;
  const input = { groupId: classId, email: "late@home.example", name: "Late" };
  const { id } = await call(people.tutor, "inviteToGroup", input);
  const first = await letterTo(input.email);
  await one("select app.mail_sign_in_link('LATE@home.example')");
  const second = await letterTo(input.email);
  assert.deepEqual([second.count, second.template], [2, "group-invitation"]);
  assert.equal(await open(first.token), undefined);
  await one("update app.invitations set expires_at = now() - interval '1 day' where id = $1", [id]);
  assert.equal(await open(second.token), undefined);
  await call(people.tutor, "inviteToGroup", input);
  assert.equal((await open((await letterTo(input.email)).token))?.name, "Late");
});

test("a parent invited with a child becomes its guardian, whoever of the two comes first", async () => {
  const { call, refusal, one, people, classId, member } = school;
  const child = await member("Anna", "student");
  const input = { groupId: classId, email: "mum@home.example", name: "Mum", role: "parent", childId: child };
  assert.deepEqual(await refusal(people.tutor, "inviteToGroup", { ...input, role: "member" }), [
    "HW422",
    "childId",
  ]);
  assert.deepEqual(await refusal(people.tutor, "inviteToGroup", { ...input, childId: people.stranger }), [
    "HW422",
    "childId",
  ]);
  await call(people.tutor, "inviteToGroup", input);
  const csv =
    "email,name,role,child_email\nben@home.example,Ben,student\nmum@home.example,Mum,parent,BEN@home.example";
  await call(people.tutor, "inviteMany", { groupId: classId, csv }, "{ outcome }");
  const mum = await open((await letterTo("mum@home.example")).token);
  const children = async () =>
    (
      await school.world.pool.query<{ name: string }>(
        "select c.name from app.guardianships g join app.people c on c.id = g.child_id where g.guardian_id = $1 order by 1",
        [mum?.id],
      )
    ).rows.map(({ name }) => name);
  assert.deepEqual(await children(), ["Anna"]);
  await open((await letterTo("ben@home.example")).token);
  assert.deepEqual(await children(), ["Anna", "Ben"]);

  const { id: trap } = await call(people.stranger, "createGroup", {
    kind: "club",
    name: "Trap",
    clientId: uuid(),
  });
  await one("insert into app.memberships (group_id, person_id, role) values ($1, $2, 'student')", [
    trap,
    child,
  ]);
  await call(people.stranger, "inviteToGroup", {
    ...input,
    groupId: trap,
    email: "evil@home.example",
    name: "Evil",
  });
  const evil = await open((await letterTo("evil@home.example")).token);
  const { count } = await one<{ count: string }>(
    "select count(*) from app.guardianships where guardian_id = $1",
    [evil?.id],
  );
  assert.equal(count, "0", "a group that anybody made gives nobody a child");
});

test("an invitation is refused with the field at fault, and to everybody but staff of the group", async () => {
  const { refusal, call, people, classId } = school;
  const input = { groupId: classId, email: "x@home.example", name: "X" };
  const wrong: [object, string][] = [
    [{ email: "no address" }, "email"],
    [{ email: `${"x".repeat(250)}@a.example` }, "email"],
    [{ name: " " }, "name"],
    [{ name: "x".repeat(201) }, "name"],
    [{ role: "owner" }, "role"],
    [{ role: null }, "role"],
  ];
  for (const [change, field] of wrong)
    assert.deepEqual(await refusal(people.tutor, "inviteToGroup", { ...input, ...change }), ["HW422", field]);
  for (const mutation of ["inviteToGroup", "inviteMany", "createInvitationLink"]) {
    const given = {
      inviteToGroup: input,
      inviteMany: { groupId: classId, csv: "email,name\na@b.example,A" },
      createInvitationLink: { groupId: classId, clientId: uuid() },
    }[mutation] as object;
    assert.deepEqual(await refusal(people.sam, mutation, given), ["HW403", undefined], mutation);
    assert.deepEqual(await refusal(people.stranger, mutation, given), ["HW404", "groupId"], mutation);
    assert.deepEqual(await refusal(people.tutor, mutation, { ...given, groupId: uuid() }), [
      "HW404",
      "groupId",
    ]);
    assert.deepEqual(await refusal(undefined, mutation, given), ["HW401", undefined], mutation);
  }
  const { id } = await call(people.tutor, "inviteToGroup", { ...input, email: "mistake@home.example" });
  assert.deepEqual(await refusal(people.sam, "cancelInvitation", { invitationId: id }), [
    "HW404",
    "invitationId",
  ]);
  await call(people.tutor, "cancelInvitation", { invitationId: id });
  assert.equal(await open((await letterTo("mistake@home.example")).token), undefined);
});

test("a person sees what waits at their own addresses and joins by it; nobody else does", async () => {
  const { as, call, refusal, one, people, classId } = school;
  const { id: rita } = await one<{ id: string }>(
    "select id from app.find_or_create_person('rita@home.example', 'Rita')",
  );
  const { id } = await call(people.tutor, "inviteToGroup", {
    groupId: classId,
    email: "Rita@home.example",
    name: "R",
  });
  const mine = "{ invitations { nodes { id groupName } } }";
  assert.deepEqual((await as(rita)(mine)).data.invitations.nodes, [{ id, groupName: "Biology" }]);
  assert.deepEqual((await as(people.sam)(mine)).data.invitations.nodes, []);
  assert.deepEqual(await refusal(people.stranger, "joinGroup", { invitationId: id }), [
    "HW404",
    "invitationId",
  ]);
  const joining = "{ groupName role status }";
  assert.deepEqual(await call(rita, "joinGroup", { invitationId: id }, joining), {
    groupName: "Biology",
    role: "student",
    status: "joined",
  });
});

test("a list is invited line by line: nothing is lost, and a second time nobody is invited twice", async () => {
  const { call, refusal, people, classId } = school;
  const csv = [
    "\uFEFFName;ROLE;Email;child_email",
    '"Dent; Arthur";student;arthur@list.example;',
    '"Ford ""the"" Prefect";;ford@list.example;',
    "Trillian;parent;tricia@list.example;arthur@list.example",
    ";student;noname@list.example;",
    "Marvin;robot;marvin@list.example;",
    "Zaphod;student;not an address;",
    "Slarti;parent;slarti@list.example;nobody@list.example",
    "",
    "Twice;student;ARTHUR@list.example;",
    '"Unclosed;student;open@list.example;',
  ].join("\r\n");
  const fields = "{ line email outcome reason }";
  const lines = await call(people.tutor, "inviteMany", { groupId: classId, csv }, fields);
  assert.deepEqual(
    lines.map((each: { line: number; outcome: string }) => [each.line, each.outcome]),
    [
      [2, "invited"],
      [3, "invited"],
      [4, "invited"],
      [5, "refused"],
      [6, "refused"],
      [7, "refused"],
      [8, "refused"],
      [10, "already"],
      [11, "invited"],
    ],
  );
  assert.match(lines[3].reason, /name must have/);
  assert.match(lines[4].reason, /role must be/);
  assert.match(lines[5].reason, /not a mail address/);
  assert.match(lines[6].reason, /child first/);
  assert.equal((await open((await letterTo("arthur@list.example")).token))?.name, "Dent; Arthur");
  assert.equal((await open((await letterTo("ford@list.example")).token))?.name, 'Ford "the" Prefect');
  const again = await call(people.tutor, "inviteMany", { groupId: classId, csv }, fields);
  assert.deepEqual(
    again.map(({ outcome }: { outcome: string }) => outcome),
    ["already", "already", "already", "refused", "refused", "refused", "refused", "already", "already"],
  );
  for (const bad of ["", "name,role\nA,student", `email,name\n${"a@b.example,A\n".repeat(2001)}`])
    assert.deepEqual(await refusal(people.tutor, "inviteMany", { groupId: classId, csv: bad }), [
      "HW422",
      "csv",
    ]);
});

test("2,000 lines are invited in one call, each once", async () => {
  const { people, classId, world } = school;
  const list = Array.from({ length: 2000 }, (_, n) => `m${n}@many.example,Many ${n}`);
  const csv = ["email,name", ...list].join("\n");
  const client = await world.pool.connect(); // without the API's five seconds, which a busy machine would break
  const claims = JSON.stringify({ sub: people.owner, role: "authenticated" });
  await client.query("select set_config('request.jwt.claims', $1, false)", [claims]);
  const call = "select outcome, count(*)::int from app.invite_many($1, $2) group by outcome";
  for (const outcome of ["invited", "already"])
    assert.deepEqual((await client.query(call, [classId, csv])).rows, [{ outcome, count: 2000 }]);
  client.release(true);
  const { count } = await school.one<{ count: number }>(
    "select count(*)::int from mail.letters where recipient like '%@many.example'",
  );
  assert.equal(count, 2000);
});
