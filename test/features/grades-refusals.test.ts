import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, test } from "node:test";
import { openSchool, type School } from "../graphql/school.ts";
import {
  assign,
  type ClassOfTwo,
  createAssignment,
  enrolTwo,
  grade,
  refusalOf,
  release,
  undoRelease,
  updateAssignment,
} from "./grades-support.ts";

let school: School;
let people: ClassOfTwo;
before(async () => {
  school = await openSchool();
  people = await enrolTwo(school);
});
after(() => school[Symbol.asyncDispose]());

async function traces() {
  const { rows } = await school.world.pool.query(
    `select (select jsonb_agg(a order by a.id) from grades.assignments a) as assignments,
       (select jsonb_agg(g order by g.id) from grades.grades g) as grades,
       (select count(*)::int from grades.releases) as releases,
       (select count(*)::int from grades.grade_changes) as changes,
       (select count(*)::int from notify.announcements) as causes`,
  );
  return rows[0];
}

test("who may not grade is refused and changes nothing, where a teacher may", async () => {
  const { tutor, sam } = people;
  const essay = await assign(tutor, school.classId, "Essay");
  const owner = school.as(school.people.owner);
  assert.deepEqual((await grade(owner, essay, [{ personId: school.people.sam, points: 1 }])).errors, []);
  const before = await traces();
  const input = { groupId: school.classId, title: "Mine", clientId: randomUUID() };
  const attempts = (asker: typeof sam) => [
    asker(createAssignment, { input }),
    asker(updateAssignment, { input: { assignmentId: essay, title: "Mine" } }),
    grade(asker, essay, [{ personId: school.people.sam, points: 10 }]),
    release(asker, [essay]),
  ];
  const codes = async (asker: typeof sam) =>
    (await Promise.all(attempts(asker))).map((answer) => refusalOf(answer)[0]);
  assert.deepEqual(await codes(sam), Array(4).fill("HW403"));
  assert.deepEqual(await codes(school.as(school.people.stranger)), Array(4).fill("HW404"));
  assert.deepEqual(await codes(school.as(undefined)), Array(4).fill("HW401"));
  assert.deepEqual(refusalOf(await school.as(undefined)(undoRelease, { releaseId: randomUUID() })), [
    "HW401",
    undefined,
  ]);
  assert.deepEqual(refusalOf(await tutor(undoRelease, { releaseId: randomUUID() })), ["HW404", undefined]);
  assert.deepEqual(await traces(), before);
  await school.world.pool.query("update app.people set community_role = 'owner' where id = $1", [
    school.people.stranger,
  ]);
  const byOwner = await grade(school.as(school.people.stranger), essay, [
    { personId: school.people.sam, points: 2 },
  ]);
  assert.deepEqual(byOwner.errors, []);
  await school.world.pool.query("update app.people set community_role = 'member'");
});

test("an assignment with bad input is refused with its field", async () => {
  const { tutor } = people;
  const essay = await assign(tutor, school.classId, "Essay");
  await grade(tutor, essay, [{ personId: school.people.sam, points: 9 }]);
  const before = await traces();
  const making = async (changes: object) =>
    refusalOf(
      await tutor(createAssignment, {
        input: { groupId: school.classId, title: "Essay", clientId: randomUUID(), ...changes },
      }),
    );
  assert.deepEqual(await making({ title: " " }), ["HW422", "title"]);
  assert.deepEqual(await making({ title: "x".repeat(201) }), ["HW422", "title"]);
  assert.deepEqual(await making({ description: "x".repeat(10_001) }), ["HW422", "description"]);
  assert.deepEqual(await making({ scale: "stars" }), ["HW422", "scale"]);
  assert.deepEqual(await making({ maxPoints: 0 }), ["HW422", "maxPoints"]);
  assert.deepEqual(await making({ maxPoints: -1 }), ["HW422", "maxPoints"]);
  assert.deepEqual(await making({ maxPoints: 10, scale: "pass" }), ["HW422", "maxPoints"]);
  assert.deepEqual(await making({ groupId: randomUUID() }), ["HW404", undefined]);
  assert.deepEqual((await making({ title: null }))[0], "HW422");
  const changing = async (changes: object) =>
    refusalOf(await tutor(updateAssignment, { input: { assignmentId: essay, ...changes } }));
  assert.deepEqual(await changing({ title: "" }), ["HW422", "title"]);
  assert.deepEqual(await changing({ maxPoints: 5 }), ["HW422", "maxPoints"]);
  assert.deepEqual(await changing({ assignmentId: randomUUID() }), ["HW404", undefined]);
  assert.deepEqual(await traces(), before);
  const { data } = await tutor(updateAssignment, {
    input: { assignmentId: essay, title: "Long essay", maxPoints: 20 },
  });
  assert.deepEqual(data.updateAssignment.result, {
    id: essay,
    title: "Long essay",
    maxPoints: 20,
    dueAt: null,
  });
});

test("the same clientId makes one assignment", async () => {
  const { tutor } = people;
  const clientId = randomUUID();
  const first = await assign(tutor, school.classId, "Once", { clientId });
  assert.equal(await assign(tutor, school.classId, "Twice", { clientId }), first);
});

test("grades with bad input are refused, all of them", async () => {
  const { tutor, kimId, parentId } = people;
  const essay = await assign(tutor, school.classId, "Essay");
  const letters = await assign(tutor, school.classId, "Song", { scale: "letters", maxPoints: null });
  const sam = school.people.sam;
  const before = await traces();
  const grading = async (...grades: object[]) => refusalOf(await grade(tutor, essay, grades));
  const good = { personId: kimId, points: 5 };
  const refused = ["HW422", "grades"];
  assert.deepEqual(await grading(), refused);
  assert.deepEqual(await grading(good, { personId: sam, points: 11 }), refused);
  assert.deepEqual(await grading(good, { personId: sam, points: -1 }), refused);
  assert.deepEqual(await grading(good, { personId: sam, mark: "A" }), refused);
  assert.deepEqual(await grading(good, { personId: sam, points: 5, mark: "A" }), refused);
  assert.deepEqual(await grading(good, { personId: sam, comment: "only words" }), refused);
  assert.deepEqual(await grading(good, { points: 5 }), refused);
  assert.deepEqual(await grading(good, good), refused);
  assert.deepEqual(await grading(good, { personId: parentId, points: 5 }), refused);
  assert.deepEqual(await grading(good, { personId: school.people.tutor, points: 5 }), refused);
  assert.deepEqual(await grading(good, { personId: randomUUID(), points: 5 }), refused);
  assert.deepEqual(await grading({ ...good, comment: "x".repeat(4001) }), refused);
  assert.deepEqual(await grading(...Array(1001).fill(good)), refused);
  assert.deepEqual(refusalOf(await grade(tutor, letters, [{ personId: sam, mark: "G" }])), refused);
  assert.deepEqual(refusalOf(await grade(tutor, letters, [{ personId: sam, points: 1 }])), refused);
  assert.deepEqual(refusalOf(await grade(tutor, randomUUID(), [good])), ["HW404", undefined]);
  assert.deepEqual(await traces(), before);
  assert.deepEqual((await grade(tutor, letters, [{ personId: sam, mark: "A-" }])).errors, []);
});

test("a draft can be taken back, a released grade only be corrected", async () => {
  const { tutor, kimId } = people;
  const essay = await assign(tutor, school.classId, "Essay");
  await grade(tutor, essay, [{ personId: kimId, points: 5 }]);
  assert.deepEqual((await grade(tutor, essay, [{ personId: kimId }])).data.setGrades.result, []);
  await grade(tutor, essay, [{ personId: kimId, points: 5 }]);
  await release(tutor, [essay]);
  assert.deepEqual(refusalOf(await grade(tutor, essay, [{ personId: kimId }])), ["HW409", undefined]);
});

test("a release with bad input is refused", async () => {
  const { tutor } = people;
  const essay = await assign(tutor, school.classId, "Essay");
  const { rows } = await school.world.pool.query(
    "select (app.create_class('Chess', 'chess@school.example', 'Chess')).id as id",
  );
  await school.world.pool.query(
    "insert into app.memberships (group_id, person_id, role) values ($1, $2, 'teacher')",
    [rows[0].id, school.people.tutor],
  );
  const elsewhere = await assign(tutor, rows[0].id, "Opening");
  const before = await traces();
  const releasing = async (ids: unknown[], extra: object = {}) =>
    refusalOf(await release(tutor, ids as string[], extra));
  assert.deepEqual(await releasing([essay]), ["HW409", undefined], "there is nothing to release");
  assert.deepEqual(await releasing([]), ["HW422", "assignmentIds"]);
  assert.deepEqual(await releasing(Array(101).fill(essay)), ["HW422", "assignmentIds"]);
  assert.deepEqual(await releasing([essay, elsewhere]), ["HW422", "assignmentIds"]);
  assert.deepEqual(await releasing([essay, randomUUID()]), ["HW404", undefined]);
  assert.deepEqual(await releasing([null]), ["HW404", undefined]);
  assert.deepEqual(await releasing([essay], { holdBackMinutes: 61 }), ["HW422", "holdBackMinutes"]);
  assert.deepEqual(await releasing([essay], { holdBackMinutes: -1 }), ["HW422", "holdBackMinutes"]);
  assert.deepEqual(await traces(), before);
});
