import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import type { Answer, School } from "../graphql/school.ts";

/** Somebody who asks, as School.as gives it. */
export type Asker = (query: string, variables?: object) => Promise<Answer>;

export type ClassOfTwo = {
  tutor: Asker;
  sam: Asker;
  kim: Asker;
  parent: Asker;
  kimId: string;
  parentId: string;
};

/** Sam and Kim are students of the class; Parent minds Sam and is not in the class. */
export async function enrolTwo(school: School): Promise<ClassOfTwo> {
  const { as, people, classId, world } = school;
  const kimId = await joinAs(school, "Kim", "student");
  const { rows } = await world.pool.query<{ id: string }>(
    "insert into app.people (name) values ('Parent') returning id",
  );
  const parentId = rows[0]?.id ?? "";
  await world.pool.query("insert into app.guardianships (guardian_id, child_id) values ($1, $2)", [
    parentId,
    people.sam,
  ]);
  assert.ok(classId);
  return {
    tutor: as(people.tutor),
    sam: as(people.sam),
    kim: as(kimId),
    parent: as(parentId),
    kimId,
    parentId,
  };
}

export async function joinAs({ world, classId }: School, name: string, role: string): Promise<string> {
  const { rows } = await world.pool.query<{ id: string }>(
    `with p as (insert into app.people (name) values ($1) returning id)
     insert into app.memberships (group_id, person_id, role) select $2, p.id, $3 from p returning person_id as id`,
    [name, classId, role],
  );
  return rows[0]?.id ?? "";
}

export async function assign(
  asker: Asker,
  groupId: string,
  title: string,
  extra: object = {},
): Promise<string> {
  const input = { groupId, title, clientId: randomUUID(), maxPoints: 10, ...extra };
  const { data, errors } = await asker(createAssignment, { input });
  assert.deepEqual(errors, []);
  return data.createAssignment.result.id;
}

export async function grade(asker: Asker, assignmentId: string, grades: object[]): Promise<Answer> {
  return asker(setGrades, { input: { assignmentId, grades } });
}

export async function release(asker: Asker, assignmentIds: string[], extra: object = {}): Promise<Answer> {
  return asker(releaseGrades, { input: { assignmentIds, clientId: randomUUID(), ...extra } });
}

/** What the queue would do when the hold-back is over: who was told what. */
export async function told(
  { world }: School,
  causes: string,
): Promise<{ name: string; title: string; body: string }[]> {
  await world.pool.query(
    "select notify.split(a.id) from notify.announcements a where a.cause like $1 and a.withdrawn_at is null",
    [causes],
  );
  const { rows } = await world.pool.query(
    `select p.name, n.own_words ->> 'title' as title, n.own_words ->> 'body' as body
     from notify.notifications n
     join notify.announcements a on a.id = n.announcement_id
     join app.people p on p.id = n.person_id
     where a.cause like $1 and n.withdrawn_at is null
     order by a.created_at, p.name`,
    [causes],
  );
  return rows;
}

/** The code and field of a refusal. */
export function refusalOf({ errors }: Answer): unknown[] {
  return [errors[0]?.extensions.code, errors[0]?.extensions.field];
}

export const createAssignment = `mutation ($input: CreateAssignmentInput!) {
  createAssignment(input: $input) { result { id title description dueAt maxPoints scale } }
}`;

export const updateAssignment = `mutation ($input: UpdateAssignmentInput!) {
  updateAssignment(input: $input) { result { id title maxPoints dueAt } }
}`;

export const setGrades = `mutation ($input: SetGradesInput!) {
  setGrades(input: $input) { result { id personId points mark comment releasedAt changedAt } }
}`;

export const releaseGrades = `mutation ($input: ReleaseGradesInput!) {
  releaseGrades(input: $input) { result { id tellAt undoneAt } }
}`;

export const undoRelease = `mutation ($releaseId: UUID!) {
  undoRelease(input: { releaseId: $releaseId }) { result { id undoneAt } }
}`;

export const seenGrades = `{
  grades { totalCount nodes { points mark comment changedAt assignment { title } student { id } changes { nodes { points } } } }
  releases { totalCount }
}`;

export const releasePreview = `query ($ids: [UUID!]!) {
  releasePreview(assignmentIds: $ids) { nodes { name ready alreadyReleased missingAssignmentIds guardians } }
}`;
