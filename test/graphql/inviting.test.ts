import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { inviteToClass, openSchool, type School } from "./school.ts";

let school: School;
before(async () => {
  school = await openSchool();
});
after(() => school[Symbol.asyncDispose]());

const kim = { email: "Kim@School.example", name: "Kim", role: "student" };

async function traces() {
  const { rows } = await school.world.pool.query<{ members: number; letters: number; jobs: number }>(
    `select (select count(*)::int from app.memberships) as members,
            (select count(*)::int from mail.letters) as letters,
            (select count(*)::int from queue.jobs) as jobs`,
  );
  return rows[0] ?? assert.fail();
}

test("a student may not invite, nor a stranger, nor anybody who is not signed in; nothing is left of the attempts", async () => {
  const { as, people, classId } = school;
  const before = await traces();
  const input = { classId, ...kim };
  const codeFor = async (person: string | undefined) =>
    (await as(person)(inviteToClass, { input })).errors[0]?.extensions.code;
  assert.equal(await codeFor(people.sam), "HW403");
  assert.equal(await codeFor(people.stranger), "HW404");
  assert.equal(await codeFor(undefined), "HW401");
  assert.deepEqual(await traces(), before);
});

test("bad input is refused with HW422 and the name of the field", async () => {
  const { as, people, classId } = school;
  const before = await traces();
  const refusal = async (changes: object) => {
    const answer = await as(people.tutor)(inviteToClass, { input: { classId, ...kim, ...changes } });
    return [answer.errors[0]?.extensions.code, answer.errors[0]?.extensions.field];
  };
  assert.deepEqual(await refusal({ email: "kim at school" }), ["HW422", "email"]);
  assert.deepEqual(await refusal({ name: " " }), ["HW422", "name"]);
  assert.deepEqual(await refusal({ role: "headmaster" }), ["HW422", "role"]);
  assert.deepEqual(await refusal({ role: null }), ["HW422", "role"]);
  assert.deepEqual(await refusal({ name: "nul \u0000" }), ["HW422", "name"]);
  assert.deepEqual(await traces(), before);
});

test("an invitation by staff of the community makes the membership at once, one letter and a job; again changes nothing", async () => {
  const { as, people, classId, world } = school;
  const before = await traces();
  const answer = await as(people.owner)(inviteToClass, { input: { classId, ...kim } });
  assert.deepEqual(answer.errors, []);
  const { result } = answer.data.inviteToClass;
  assert.deepEqual([result.role, result.person.name], ["student", "Kim"]);
  const now = await traces();
  assert.deepEqual([now.members - before.members, now.letters - before.letters], [1, 1]);
  assert.ok(now.jobs > before.jobs);
  const { rows } = await world.pool.query(
    "select recipient, template, recipient_name as name from mail.letters",
  );
  assert.deepEqual(rows, [{ recipient: kim.email, template: "group-invitation", name: "Kim" }]);
  const again = await as(people.owner)(inviteToClass, { input: { classId, ...kim, role: "teacher" } });
  assert.deepEqual(again.data.inviteToClass.result, result);
  assert.deepEqual(await traces(), now);
});

test("a teacher's invitation writes the letter, and waits: the answer is the same for every address", async () => {
  const { as, people, classId, world } = school;
  await world.pool.query("select app.find_or_create_person('known@school.example', 'Known')");
  const before = await traces();
  for (const email of ["known@school.example", "unknown@school.example"]) {
    const answer = await as(people.tutor)(inviteToClass, { input: { classId, ...kim, email } });
    assert.deepEqual([answer.errors, answer.data.inviteToClass], [[], { result: null }]);
  }
  const now = await traces();
  assert.deepEqual([now.members - before.members, now.letters - before.letters], [0, 2]);
});

test("an invitation whose transaction fails at the end leaves no member, no letter and no job", async () => {
  const { as, people, classId, world } = school;
  await world.pool.query(`
    create function public.refuse() returns trigger language plpgsql as 'begin raise exception ''a late failure''; end';
    create constraint trigger late after insert on app.memberships deferrable initially deferred
    for each row execute function public.refuse()`);
  const before = await traces();
  const { errors, text } = await as(people.owner)(inviteToClass, {
    input: { classId, ...kim, email: "lee@school.example" },
  });
  assert.equal(errors[0]?.extensions.code, "HW500");
  assert.doesNotMatch(text, /late failure/);
  assert.deepEqual(await traces(), before);
  await world.pool.query("drop trigger late on app.memberships");
});
