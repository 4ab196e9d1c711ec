import { graphql } from "../../api/graphql.ts";
import type { Assignment, Grade } from "./api.ts";

export type Before = { id: string; points: number | null; mark: string | null; createdAt: string };
export type OwnGrade = Grade & {
  assignment: Assignment;
  group: { id: string; name: string };
  changes: { nodes: Before[] };
};
export type GradesOf = { personId: string; name: string; own: boolean; grades: OwnGrade[] };

const GRADES = `grades(first: 60, orderBy: RELEASED_AT_DESC, filter: { releasedAt: { isNull: false } }) {
  nodes {
    id assignmentId personId points mark comment releasedAt changedAt
    assignment { id title description dueAt maxPoints scale }
    group { id name }
    changes(last: 5, orderBy: CREATED_AT_ASC) { nodes { id points mark createdAt } }
  }
}`;

type PersonRow = { id: string; name: string; grades: { nodes: OwnGrade[] } };

/** The released grades of the person who is signed in and of the children they mind. */
export async function loadOwnGrades(): Promise<GradesOf[]> {
  type Data = {
    me: (PersonRow & { childGuardianships: { nodes: { child: PersonRow | null }[] } }) | null;
  };
  const { me } = await graphql<Data>(
    `query OwnGrades { me { id name ${GRADES} childGuardianships(first: 12) { nodes { child { id name ${GRADES} } } } } }`,
  );
  if (!me) return [];
  const children = me.childGuardianships.nodes.flatMap(({ child }) => (child ? [child] : []));
  return [
    ...(me.grades.nodes.length > 0 || children.length === 0 ? [gradesOf(me, true)] : []),
    ...children.map((child) => gradesOf(child, false)),
  ];
}

function gradesOf({ id, name, grades }: PersonRow, own: boolean): GradesOf {
  return {
    personId: id,
    name,
    own,
    grades: grades.nodes.filter(({ assignment, group }) => assignment && group),
  };
}
