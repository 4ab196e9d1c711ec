import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { afterEach, beforeEach, test } from "node:test";
import { openSchool, type School } from "../graphql/school.ts";
import {
  assign,
  type ClassOfTwo,
  enrolTwo,
  grade,
  refusalOf,
  release,
  releasePreview,
  seenGrades,
  told,
  undoRelease,
} from "./grades-support.ts";

let school: School;
let people: ClassOfTwo;
beforeEach(async () => {
  school = await openSchool();
  people = await enrolTwo(school);
});
afterEach(() => school[Symbol.asyncDispose]());

test("nobody but staff learns of drafts, not even their number; the release shows each student their own, and the guardian the child's", async () => {
  const { tutor, sam, kim, parent, kimId } = people;
  const essay = await assign(tutor, school.classId, "Essay");
  const drafts = [
    { personId: school.people.sam, points: 7.5, comment: "Well argued" },
    { personId: kimId, points: 9 },
  ];
  assert.deepEqual((await grade(tutor, essay, drafts)).errors, []);
  const nothing = { grades: { totalCount: 0, nodes: [] }, releases: { totalCount: 0 } };
  for (const outsider of [sam, kim, parent, school.as(school.people.stranger)])
    assert.deepEqual((await outsider(seenGrades)).data, nothing);
  assert.equal((await tutor(seenGrades)).data.grades.totalCount, 2);

  assert.deepEqual((await release(tutor, [essay])).errors, []);
  const own = (asker: typeof sam) =>
    asker(seenGrades).then(({ data }) =>
      data.grades.nodes.map((each: { points: number; assignment: { title: string } }) => [
        each.points,
        each.assignment.title,
      ]),
    );
  assert.deepEqual(await own(sam), [[7.5, "Essay"]]);
  assert.deepEqual(await own(kim), [[9, "Essay"]]);
  assert.deepEqual(await own(parent), [[7.5, "Essay"]]);
  assert.deepEqual((await school.as(school.people.stranger)(seenGrades)).data, nothing);
  await school.world.pool.query("update app.community set guardians_get_grades = false");
  assert.deepEqual(await own(parent), []);
});

test("a release of several assignments tells each student once, names the child to the guardian, and says no grade", async () => {
  const { tutor, kimId } = people;
  const [essay, quiz] = [
    await assign(tutor, school.classId, "Essay"),
    await assign(tutor, school.classId, "Quiz"),
  ];
  await grade(tutor, essay, [{ personId: school.people.sam, points: 7 }]);
  await grade(tutor, quiz, [
    { personId: school.people.sam, points: 3 },
    { personId: kimId, points: 4 },
  ]);
  const clientId = randomUUID();
  const first = await release(tutor, [essay, quiz], { clientId });
  const again = await release(tutor, [essay, quiz], { clientId });
  assert.deepEqual(again.data, first.data);
  assert.deepEqual(await told(school, "grades:release:%"), [
    { name: "Kim", title: "New grades in Biology", body: "Quiz" },
    { name: "Parent", title: "New grades of Sam in Biology", body: "Sam: Essay, Quiz" },
    { name: "Sam", title: "New grades in Biology", body: "Essay, Quiz" },
  ]);
});

test("by the community's policy guardians are not told", async () => {
  const { tutor } = people;
  await school.world.pool.query("update app.community set guardians_get_grades = false, locale = 'id'");
  const essay = await assign(tutor, school.classId, "Essay");
  await grade(tutor, essay, [{ personId: school.people.sam, points: 7 }]);
  await release(tutor, [essay]);
  assert.deepEqual(await told(school, "grades:release:%"), [
    { name: "Sam", title: "Nilai baru di Biology", body: "Essay" },
  ]);
});

test("within the hold-back a release is undone: drafts again, nobody is told; after it, it is too late", async () => {
  const { tutor, sam } = people;
  const essay = await assign(tutor, school.classId, "Essay");
  await grade(tutor, essay, [{ personId: school.people.sam, points: 7 }]);
  const { data } = await release(tutor, [essay], { holdBackMinutes: 60 });
  const releaseId = data.releaseGrades.result.id;
  await grade(tutor, essay, [{ personId: school.people.sam, points: 8 }]);
  assert.equal((await sam(seenGrades)).data.grades.totalCount, 1);
  assert.deepEqual(refusalOf(await sam(undoRelease, { releaseId })), ["HW404", undefined]);
  for (const _ of [1, 2]) assert.deepEqual((await tutor(undoRelease, { releaseId })).errors, []);
  assert.equal((await sam(seenGrades)).data.grades.totalCount, 0);
  assert.deepEqual(await told(school, "grades:%"), []);
  const { rows } = await school.world.pool.query("select count(*)::int as letters from mail.letters");
  assert.equal(rows[0].letters, 0);

  const { data: second } = await release(tutor, [essay], { holdBackMinutes: 0 });
  const late = await tutor(undoRelease, { releaseId: second.releaseGrades.result.id });
  assert.deepEqual(refusalOf(late), ["HW409", undefined]);
  assert.deepEqual((await sam(seenGrades)).data.grades.nodes[0].changes.nodes, []);
});

test("a later correction is seen at once with its history, and told once within five minutes; the same grade again is none", async () => {
  const { tutor, sam } = people;
  const essay = await assign(tutor, school.classId, "Essay");
  const toSam = (points: number) => grade(tutor, essay, [{ personId: school.people.sam, points }]);
  await toSam(7);
  await release(tutor, [essay], { holdBackMinutes: 5 });
  await toSam(6);
  assert.deepEqual(await told(school, "grades:correction:%"), [], "the telling to come covers it");
  await school.world.pool.query("update grades.releases set tell_at = now() - interval '1 minute'");
  await toSam(6);
  assert.deepEqual(await told(school, "grades:correction:%"), []);
  await toSam(8);
  await toSam(9);
  const { nodes } = (await sam(seenGrades)).data.grades;
  assert.equal(nodes[0].points, 9);
  assert.ok(nodes[0].changedAt);
  assert.deepEqual(
    nodes[0].changes.nodes.map((change: { points: number }) => change.points).sort(),
    [6, 7, 8],
  );
  const corrections = [
    { name: "Sam", title: "A grade of yours in Biology was changed", body: "Essay" },
    { name: "Parent", title: "A grade of Sam in Biology was changed", body: "Sam: Essay" },
  ];
  const sorted = (rows: { name: string }[]) => rows.toSorted((a, b) => a.name.localeCompare(b.name));
  assert.deepEqual(sorted(await told(school, "grades:correction:%")), sorted(corrections));
  await school.world.pool.query("update grades.grades set change_told_at = now() - interval '1 minute'");
  await toSam(10);
  assert.equal((await told(school, "grades:correction:%")).length, 4);
});

test("the preview says who would get what and who lacks a grade", async () => {
  const { tutor, sam } = people;
  const [essay, quiz] = [
    await assign(tutor, school.classId, "Essay"),
    await assign(tutor, school.classId, "Quiz"),
  ];
  await grade(tutor, essay, [{ personId: school.people.sam, points: 7 }]);
  await release(tutor, [essay]);
  await grade(tutor, quiz, [{ personId: school.people.sam, points: 7 }]);
  const { data } = await tutor(releasePreview, { ids: [essay, quiz] });
  assert.deepEqual(data.releasePreview.nodes, [
    { name: "Kim", ready: 0, alreadyReleased: 0, missingAssignmentIds: [essay, quiz], guardians: 0 },
    { name: "Sam", ready: 1, alreadyReleased: 1, missingAssignmentIds: [], guardians: 1 },
  ]);
  assert.deepEqual(refusalOf(await sam(releasePreview, { ids: [essay] })), ["HW403", undefined]);
  assert.deepEqual(refusalOf(await tutor(releasePreview, { ids: [randomUUID()] })), ["HW404", undefined]);
  assert.deepEqual(refusalOf(await tutor(releasePreview, { ids: [] })), ["HW422", "assignmentIds"]);
});
