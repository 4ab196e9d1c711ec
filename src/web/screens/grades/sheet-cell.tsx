import type { Assignment, Student } from "./api.ts";
import { show } from "./marks.ts";
import type { Cell, Cursor } from "./use-cursor.ts";
import type { Sheet } from "./use-gradebook.ts";

type SheetCellProps = { sheet: Sheet; cursor: Cursor; assignment: Assignment; student: Student; cell: Cell };

export function SheetCell({ sheet, cursor, assignment, student, cell }: SheetCellProps) {
  const grade = sheet.gradeOf(assignment.id, student.id);
  const state = sheet.stateOf(assignment.id, student.id);
  const active = cursor.at.row === cell.row && cursor.at.column === cell.column;
  const typed = active ? cursor.typed : null;
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are heard by the grid
    <td
      // biome-ignore lint/a11y/noNoninteractiveElementToInteractiveRole: the grid pattern of the ARIA practices
      role="gridcell"
      tabIndex={active ? 0 : -1}
      data-active={active}
      data-testid="grade-cell"
      data-student={student.name}
      data-assignment={assignment.title}
      data-state={stateOf(grade)}
      aria-invalid={state?.problem ? true : undefined}
      aria-busy={state?.saving}
      onClick={() => cursor.walk(cell)}
      onDoubleClick={() => cursor.begin(show(grade))}
    >
      {typed === null ? (
        <>
          {show(grade)}
          {grade && <Mark state={stateOf(grade)} commented={grade.comment !== ""} />}
          {state?.problem && <span className="visually-hidden"> {state.problem}</span>}
        </>
      ) : (
        <input
          aria-label={`${assignment.title}, ${student.name}`}
          aria-invalid={state?.problem ? true : undefined}
          value={typed}
          maxLength={60}
          onChange={({ target }) => cursor.type(target.value)}
          onBlur={cursor.leave}
        />
      )}
    </td>
  );
}

export type GradeState = "none" | "draft" | "released" | "corrected";

export function stateOf(
  grade: { releasedAt: string | null; changedAt: string | null } | undefined,
): GradeState {
  if (!grade) return "none";
  if (!grade.releasedAt) return "draft";
  return grade.changedAt ? "corrected" : "released";
}

const SIGNS: Record<GradeState, string> = { none: "", draft: "✎", released: "✓", corrected: "↻" };

function Mark({ state, commented }: { state: GradeState; commented: boolean }) {
  return (
    <>
      <span className="sheet-mark" aria-hidden="true">
        {commented && "❝"}
        {SIGNS[state]}
      </span>
      <span className="visually-hidden">
        , {state}
        {commented && ", with a comment"}
      </span>
    </>
  );
}

export function Legend() {
  return (
    <p className="legend">
      <span>✎ draft: only teachers see it</span>
      <span>✓ released</span>
      <span>↻ corrected after its release</span>
      <span>❝ with a comment</span>
      <span className="wide-only">
        <kbd>Enter</kbd> down, <kbd>Tab</kbd> right, <kbd>F2</kbd> change, <kbd>Esc</kbd> leave as it was
      </span>
    </p>
  );
}
