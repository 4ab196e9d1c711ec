import { useEffect, useRef } from "react";
import { shortDate } from "../../parts/moments.ts";
import type { Assignment, Grade, Student } from "./api.ts";
import { average } from "./marks.ts";
import { SheetCell } from "./sheet-cell.tsx";
import type { Cursor } from "./use-cursor.ts";
import type { Sheet } from "./use-gradebook.ts";

type GradeSheetProps = { sheet: Sheet; cursor: Cursor; onEdit: (assignment: Assignment) => void };

/** Students down, assignments across. One cell is in the tab order; see `useCursor` for the keys. */
export function GradeSheet({ sheet, cursor, onEdit }: GradeSheetProps) {
  const { students, assignments, groupName } = sheet.book;
  const grid = useFocusOn(cursor);
  return (
    <div className="table-frame sheet-frame">
      <table
        className="sheet"
        // biome-ignore lint/a11y/noNoninteractiveElementToInteractiveRole: the grid pattern of the ARIA practices
        role="grid"
        aria-label={`Grades of ${groupName}`}
        ref={grid}
        onKeyDown={cursor.onKeyDown}
      >
        <thead>
          <tr>
            <th scope="col">Student</th>
            {assignments.map((assignment) => (
              <ColumnHead key={assignment.id} assignment={assignment} sheet={sheet} onEdit={onEdit} />
            ))}
          </tr>
        </thead>
        <tbody>
          {students.map((student, row) => (
            <tr key={student.id}>
              <th scope="row">{student.name}</th>
              {assignments.map((assignment, column) => (
                <SheetCell
                  key={assignment.id}
                  {...{ sheet, cursor, assignment, student }}
                  cell={{ row, column }}
                />
              ))}
            </tr>
          ))}
        </tbody>
        <tfoot>
          <tr>
            <th scope="row">Average</th>
            {assignments.map(({ id }) => (
              <td key={id}>{average(gradesIn(sheet, id))}</td>
            ))}
          </tr>
        </tfoot>
      </table>
    </div>
  );
}

type ColumnHeadProps = { assignment: Assignment; sheet: Sheet; onEdit: (assignment: Assignment) => void };

function ColumnHead({ assignment, sheet, onEdit }: ColumnHeadProps) {
  const { id, title, dueAt, maxPoints } = assignment;
  return (
    <th scope="col">
      <button
        type="button"
        className="sheet-title"
        title={`Change ${title}`}
        onClick={() => onEdit(assignment)}
      >
        {title}
      </button>
      <span className="sheet-facts">
        {maxPoints !== null && `of ${maxPoints}`}
        {maxPoints !== null && dueAt && " · "}
        {dueAt && `due ${shortDate(dueAt)}`}
      </span>
      <ColumnState grades={gradesIn(sheet, id)} students={sheet.book.students} />
    </th>
  );
}

function ColumnState({ grades, students }: { grades: Grade[]; students: Student[] }) {
  const drafts = grades.filter(({ releasedAt }) => !releasedAt).length;
  if (drafts > 0) return <span className="chip wait">{drafts === 1 ? "1 draft" : `${drafts} drafts`}</span>;
  if (grades.length === 0) return <span className="chip">Not graded</span>;
  return (
    <span className="chip good">
      {grades.length < students.length ? `${grades.length} of ${students.length} released` : "Released"}
    </span>
  );
}

function gradesIn({ book, gradeOf }: Sheet, assignmentId: string): Grade[] {
  return book.students.flatMap(({ id }) => gradeOf(assignmentId, id) ?? []);
}

/** The focus follows the cursor, once it has been on the sheet. */
function useFocusOn({ at, typed }: Cursor) {
  const grid = useRef<HTMLTableElement>(null);
  const { row, column } = at;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the cell that is to be focused depends on them
  useEffect(() => {
    if (!grid.current?.contains(document.activeElement)) {
      if (document.activeElement !== document.body) return;
      if (!grid.current?.dataset.entered) return;
    }
    const cell = grid.current?.querySelector<HTMLElement>("[data-active='true']");
    if (grid.current) grid.current.dataset.entered = "true";
    const target = typed === null ? cell : cell?.querySelector("input");
    if (target && target !== document.activeElement) target.focus();
  }, [row, column, typed === null]);
  return grid;
}
