import { graphql } from "../../api/graphql.ts";
import { allNodes, PAGE_INFO, type PageOf } from "../../api/pages.ts";
import { Problem } from "../../api/problem.ts";

export type Scale = "points" | "letters" | "pass" | "words";
export type Assignment = {
  id: string;
  title: string;
  description: string;
  dueAt: string | null;
  maxPoints: number | null;
  scale: Scale;
};
export type Grade = {
  id: string;
  assignmentId: string;
  personId: string;
  points: number | null;
  mark: string | null;
  comment: string;
  releasedAt: string | null;
  changedAt: string | null;
};
export type Student = { id: string; name: string };
export type Release = { id: string; tellAt: string; undoneAt: string | null; assignmentIds: string[] };
export type Gradebook = {
  groupId: string;
  groupName: string;
  students: Student[];
  assignments: Assignment[];
  grades: Grade[];
  releases: Release[];
};

const ASSIGNMENT = "id title description dueAt maxPoints scale";
const GRADE = "id assignmentId personId points mark comment releasedAt changedAt";
const RELEASE = "id tellAt undoneAt assignmentIds";

/** Everything on the sheet of a group. */
export async function loadGradebook(groupId: string): Promise<Gradebook> {
  type Data = {
    group: {
      name: string;
      assignments: { nodes: Assignment[] };
      releases: { nodes: Release[] };
    } | null;
  };
  const [{ group }, students, grades] = await Promise.all([
    graphql<Data>(
      `query Gradebook($id: UUID!) {
        group(id: $id) {
          name
          assignments(orderBy: [DUE_AT_ASC, TITLE_ASC]) { nodes { ${ASSIGNMENT} } }
          releases(first: 10, orderBy: CREATED_AT_DESC) { nodes { ${RELEASE} } }
        }
      }`,
      { id: groupId },
    ),
    loadStudents(groupId),
    loadGrades(groupId),
  ]);
  if (!group) throw new Problem("HW404", "This group does not exist, or you are not in it.", 404);
  return {
    groupId,
    groupName: group.name,
    students,
    assignments: group.assignments.nodes,
    grades,
    releases: group.releases.nodes,
  };
}

async function loadStudents(groupId: string): Promise<Student[]> {
  type Data = { group: { memberships: PageOf<{ person: Student | null }> } | null };
  const nodes = await allNodes(async (after) => {
    const { group } = await graphql<Data>(
      `query Students($id: UUID!, $after: Cursor) {
        group(id: $id) {
          memberships(first: 100, after: $after, filter: { role: { equalTo: "student" } }) {
            nodes { person { id name } } ${PAGE_INFO}
          }
        }
      }`,
      { id: groupId, after },
    );
    return group?.memberships;
  });
  return nodes.flatMap(({ person }) => (person ? [person] : [])).sort((a, b) => a.name.localeCompare(b.name));
}

function loadGrades(groupId: string): Promise<Grade[]> {
  type Data = { group: { grades: PageOf<Grade> } | null };
  return allNodes(async (after) => {
    const { group } = await graphql<Data>(
      `query Grades($id: UUID!, $after: Cursor) {
        group(id: $id) { grades(first: 100, after: $after) { nodes { ${GRADE} } ${PAGE_INFO} } }
      }`,
      { id: groupId, after },
    );
    return group?.grades;
  });
}

export type GradeEntry = { personId: string; points: number | null; mark: string | null; comment: string };

/** Grades students; the stored grades come back, and of a draft that was taken back nothing. */
export async function setGrades(assignmentId: string, grades: GradeEntry[]): Promise<Grade[]> {
  const { setGrades } = await graphql<{ setGrades: { result: Grade[] | null } }>(
    `mutation SetGrades($input: SetGradesInput!) { setGrades(input: $input) { result { ${GRADE} } } }`,
    { input: { assignmentId, grades } },
  );
  return setGrades.result ?? [];
}

export type AssignmentDraft = {
  title: string;
  description: string;
  dueAt: string | null;
  maxPoints: number | null;
  scale: Scale;
};

export async function createAssignment(groupId: string, clientId: string, draft: AssignmentDraft) {
  await graphql(
    `mutation CreateAssignment($input: CreateAssignmentInput!) { createAssignment(input: $input) { result { id } } }`,
    { input: { groupId, clientId, ...draft } },
  );
}

export async function updateAssignment(
  assignmentId: string,
  { title, description, dueAt, maxPoints }: AssignmentDraft,
) {
  await graphql(
    `mutation UpdateAssignment($input: UpdateAssignmentInput!) { updateAssignment(input: $input) { result { id } } }`,
    { input: { assignmentId, title, description, dueAt, maxPoints, withoutDueAt: !dueAt } },
  );
}

export async function releaseGrades(
  assignmentIds: string[],
  clientId: string,
  holdBackMinutes: number,
): Promise<void> {
  await graphql(
    `mutation ReleaseGrades($input: ReleaseGradesInput!) { releaseGrades(input: $input) { result { id } } }`,
    { input: { assignmentIds, clientId, holdBackMinutes } },
  );
}

export async function undoRelease(releaseId: string): Promise<void> {
  await graphql(
    `mutation UndoRelease($input: UndoReleaseInput!) { undoRelease(input: $input) { result { id } } }`,
    { input: { releaseId } },
  );
}

export type Forecast = {
  personId: string;
  name: string;
  ready: number;
  alreadyReleased: number;
  missingAssignmentIds: string[];
  guardians: number;
};

/** Who would get what if the drafts were released now. */
export function previewRelease(assignmentIds: string[]): Promise<Forecast[]> {
  return allNodes(async (after) => {
    const { releasePreview } = await graphql<{ releasePreview: PageOf<Forecast> }>(
      `query ReleasePreview($assignmentIds: [UUID!]!, $after: Cursor) {
        releasePreview(assignmentIds: $assignmentIds, first: 100, after: $after) {
          nodes { personId name ready alreadyReleased missingAssignmentIds guardians } ${PAGE_INFO}
        }
      }`,
      { assignmentIds, after },
    );
    return releasePreview;
  });
}
