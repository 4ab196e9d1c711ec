import { useCallback, useMemo, useState } from "react";
import { sayProblem } from "../../api/problem.ts";
import { type Loaded, useLoad } from "../../parts/use-load.ts";
import { type Assignment, type Grade, type Gradebook, loadGradebook, setGrades } from "./api.ts";
import type { Value } from "./marks.ts";

export type CellState = { saving: boolean; problem: string };
export type Write = (
  assignment: Assignment,
  personId: string,
  value: Value,
  comment: string,
) => Promise<void>;
export type Sheet = {
  book: Gradebook;
  gradeOf(assignmentId: string, personId: string): Grade | undefined;
  stateOf(assignmentId: string, personId: string): CellState | undefined;
  write: Write;
  fail(assignmentId: string, personId: string, problem: string): void;
};

/** The sheet of a group; what is written shows at once and is stored cell by cell. */
export function useGradebook(groupId: string): Loaded<Gradebook> & { sheet: Sheet | null } {
  const load = useCallback(() => loadGradebook(groupId), [groupId]);
  const loaded = useLoad(load);
  const { data: book } = loaded;
  const [written, setWritten] = useState<{ of: Gradebook | null; grades: Map<string, Grade | null> }>(
    nothing,
  );
  const [states, setStates] = useState<ReadonlyMap<string, CellState>>(new Map());
  const stored = useMemo(() => new Map(book?.grades.map((grade) => [keyOf(grade), grade])), [book]);

  const tell = (key: string, state: CellState | null) =>
    setStates((before) => {
      const after = new Map(before);
      if (state) after.set(key, state);
      else after.delete(key);
      return after;
    });
  const keep = (key: string, grade: Grade | null) =>
    setWritten((before) => ({
      of: book,
      grades: new Map(before.of === book ? before.grades : []).set(key, grade),
    }));

  const write: Write = async (assignment, personId, value, comment) => {
    const key = `${assignment.id} ${personId}`;
    tell(key, { saving: true, problem: "" });
    try {
      const [grade = null] = await setGrades(assignment.id, [{ personId, ...value, comment }]);
      keep(key, grade);
      tell(key, null);
    } catch (error) {
      tell(key, { saving: false, problem: sayProblem(error) });
    }
  };

  const sheet: Sheet | null = book && {
    book,
    gradeOf: (assignmentId, personId) => {
      const key = `${assignmentId} ${personId}`;
      const fresh = written.of === book ? written.grades.get(key) : undefined;
      return fresh === undefined ? stored.get(key) : (fresh ?? undefined);
    },
    stateOf: (assignmentId, personId) => states.get(`${assignmentId} ${personId}`),
    write,
    fail: (assignmentId, personId, problem) =>
      tell(`${assignmentId} ${personId}`, problem ? { saving: false, problem } : null),
  };
  return { ...loaded, sheet };
}

const nothing = { of: null, grades: new Map<string, Grade | null>() };

function keyOf({ assignmentId, personId }: Grade): string {
  return `${assignmentId} ${personId}`;
}
