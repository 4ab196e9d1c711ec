import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Community, openCommunity, uuid } from "./people-support.ts";

let school: Community;
before(async () => {
  school = await openCommunity();
});
after(() => school[Symbol.asyncDispose]());

const joining = "{ groupName role status }";

async function link(options: object = {}): Promise<{ id: string; token: string }> {
  const { call, people, classId } = school;
  return call(
    people.tutor,
    "createInvitationLink",
    { groupId: classId, clientId: uuid(), ...options },
    "{ id token role uses maxUses mailDomain needsApproval }",
  );
}

async function person(address: string): Promise<string> {
  return (
    await school.one<{ id: string }>("select id from app.find_or_create_person($1, 'Somebody')", [address])
  ).id;
}

const usesOf = async (id: string) =>
  (await school.one<{ uses: number }>("select uses from app.invitation_links where id = $1", [id])).uses;

test("a link lets in as many as it says, each once, and not a minute longer", async () => {
  const { call, refusal, one, people } = school;
  const clientId = uuid();
  const made = await link({ maxUses: 2, clientId });
  assert.deepEqual(await link({ maxUses: 2, clientId }), made);
  const { token, id } = made;
  const [a, b, c] = [
    await person("a@link.example"),
    await person("b@link.example"),
    await person("c@link.example"),
  ];
  for (const one of [a, a, b])
    assert.deepEqual(await call(one, "acceptInvitation", { token }, joining), {
      groupName: "Biology",
      role: "student",
      status: "joined",
    });
  assert.equal(await usesOf(id), 2);
  assert.deepEqual(await refusal(c, "acceptInvitation", { token }), ["HW404", "token"]);
  assert.equal(
    (await call(people.sam, "acceptInvitation", { token: (await link()).token }, joining)).role,
    "student",
  );
  const expired = await link();
  await one("update app.invitation_links set expires_at = now() - interval '1 second' where id = $1", [
    expired.id,
  ]);
  assert.deepEqual(await refusal(c, "acceptInvitation", { token: expired.token }), ["HW404", "token"]);
  const revoked = await link();
  assert.deepEqual(await refusal(people.sam, "revokeInvitationLink", { invitationLinkId: revoked.id }), [
    "HW404",
    "invitationLinkId",
  ]);
  await call(people.tutor, "revokeInvitationLink", { invitationLinkId: revoked.id });
  assert.deepEqual(await refusal(c, "acceptInvitation", { token: revoked.token }), ["HW404", "token"]);
  assert.deepEqual(await refusal(c, "acceptInvitation", { token: "nonsense" }), ["HW404", "token"]);
  assert.deepEqual(await refusal(undefined, "acceptInvitation", { token }), ["HW401", undefined]);
});

test("of many who use the last place of a link at once, one gets it", async () => {
  const { as } = school;
  const { token, id } = await link({ maxUses: 1 });
  const people = await Promise.all([1, 2, 3, 4].map((n) => person(`race${n}@link.example`)));
  const accept = `mutation { acceptInvitation(input: { token: "${token}" }) { result { status } } }`;
  const answers = await Promise.all(people.map((one) => as(one)(accept)));
  assert.equal(answers.filter(({ errors }) => errors.length === 0).length, 1);
  assert.equal(await usesOf(id), 1);
});

test("a link with a domain is for addresses of that domain alone", async () => {
  const { call, refusal } = school;
  const { token } = await link({ mailDomain: "@Uni.example" });
  const [inside, outside] = [await person("in@uni.example"), await person("out@notuni.example")];
  assert.deepEqual(await refusal(outside, "acceptInvitation", { token }), ["HW422", "email"]);
  assert.equal((await call(inside, "acceptInvitation", { token }, joining)).status, "joined");
  const ask = { token, email: "x@evil.example", name: "X" };
  assert.deepEqual(await refusal(undefined, "askToJoin", ask), ["HW422", "email"]);
});

test("a link with approval makes a queue, which staff of the group work off", async () => {
  const { as, call, refusal, people } = school;
  const { token, id } = await link({ role: "teacher", needsApproval: true });
  const [kim, lou] = [await person("kim@link.example"), await person("lou@link.example")];
  for (const one of [kim, kim, lou])
    assert.equal((await call(one, "acceptInvitation", { token }, joining)).status, "waiting");
  const queue = `{ membershipRequests(filter: { status: { equalTo: "waiting" } }) { nodes { id person { id name } } } }`;
  const { nodes } = (await as(people.tutor)(queue)).data.membershipRequests;
  assert.deepEqual(
    nodes.map((node: { person: { name: string } }) => node.person.name),
    ["Somebody", "Somebody"],
  );
  assert.deepEqual((await as(people.sam)(queue)).data.membershipRequests.nodes, []);
  const requestOf = (who: string) =>
    nodes.find((node: { person: { id: string } }) => node.person.id === who)?.id as string;
  const forKim = { membershipRequestId: requestOf(kim) };
  for (const mutation of ["approveMembership", "declineMembership"]) {
    assert.deepEqual(await refusal(people.sam, mutation, forKim), ["HW404", "membershipRequestId"]);
    assert.deepEqual(await refusal(kim, mutation, forKim), ["HW404", "membershipRequestId"]);
    assert.deepEqual(
      await refusal(people.tutor, mutation, forKim),
      ["HW403", undefined],
      "a teacher makes no teachers",
    );
    assert.deepEqual(await refusal(undefined, mutation, forKim), ["HW401", undefined]);
  }
  for (const _ of [1, 2])
    assert.equal((await call(people.owner, "approveMembership", forKim, "{ status }")).status, "approved");
  assert.equal(await usesOf(id), 1);
  assert.equal((await call(kim, "acceptInvitation", { token }, joining)).status, "joined");
  assert.deepEqual(await refusal(people.owner, "declineMembership", forKim), ["HW409", undefined]);
  const forLou = { membershipRequestId: requestOf(lou) };
  assert.equal((await call(people.owner, "declineMembership", forLou, "{ status }")).status, "declined");
  assert.deepEqual(await refusal(people.owner, "approveMembership", forLou), ["HW409", undefined]);
});

test("who is not signed in asks by mail; the answer is the same for every address, and a new student is a minor", async () => {
  const { call, refusal, as, one } = school;
  const { token } = await link({ role: "student" });
  const preview = `{ invitationPreview(token: "${token}") { groupName role needsApproval mailDomain } }`;
  assert.deepEqual((await as(undefined)(preview)).data.invitationPreview, {
    groupName: "Biology",
    role: "student",
    needsApproval: false,
    mailDomain: null,
  });
  await person("old@ask.example");
  for (const email of ["old@ask.example", "fresh@ask.example"])
    assert.equal(await call(undefined, "askToJoin", { token, email, name: "Asker" }, ""), true);
  for (const [email, name, minor] of [
    ["old@ask.example", "Somebody", false],
    ["fresh@ask.example", "Asker", true],
  ]) {
    const letter = await one<{ token: string }>(
      `select substring(w.text from '/sign-in#(\\S+)') as token
       from mail.letters l join mail.words w on w.letter_id = l.id where l.recipient = $1`,
      [email],
    );
    const { id } = await one<{ id: string }>("select id from app.sign_in($1, $2, '')", [
      letter.token,
      uuid(),
    ]);
    const opened = await one("select name, is_minor from app.people where id = $1", [id]);
    assert.deepEqual(opened, { name, is_minor: minor });
  }
  for (let n = 0; n < 5; n += 1)
    await call(undefined, "askToJoin", { token, email: "flood@ask.example", name: "F" }, "");
  const { count } = await one<{ count: string }>(
    "select count(*) from mail.letters where recipient = 'flood@ask.example'",
  );
  assert.equal(count, "3");
  assert.deepEqual(
    await refusal(undefined, "askToJoin", { token: "none", email: "a@b.example", name: "A" }),
    ["HW404", "token"],
  );
  assert.deepEqual(await refusal(undefined, "askToJoin", { token, email: "nonsense", name: "A" }), [
    "HW422",
    "email",
  ]);
  assert.deepEqual(await refusal(undefined, "askToJoin", { token, email: "a@b.example", name: "" }), [
    "HW422",
    "name",
  ]);
});

test("a link is refused with the field at fault", async () => {
  const { refusal, people, classId } = school;
  const wrong: [object, string][] = [
    [{ role: "owner" }, "role"],
    [{ role: "teacher" }, "needsApproval"],
    [{ expiresAt: "2001-01-01T00:00:00Z" }, "expiresAt"],
    [{ expiresAt: "2999-01-01T00:00:00Z" }, "expiresAt"],
    [{ maxUses: 0 }, "maxUses"],
    [{ maxUses: 100_000 }, "maxUses"],
    [{ mailDomain: "no domain" }, "mailDomain"],
    [{ mailDomain: "" }, "mailDomain"],
  ];
  for (const [change, field] of wrong) {
    const input = { groupId: classId, clientId: uuid(), ...change };
    assert.deepEqual(await refusal(people.tutor, "createInvitationLink", input), ["HW422", field]);
  }
});
