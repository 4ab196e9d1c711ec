import { useState } from "react";
import { Notice } from "../../parts/notice.tsx";
import { plural } from "../../parts/plural.ts";
import { useToast } from "../../parts/use-toast.tsx";
import type { Assignment } from "./api.ts";
import { AssignmentDialog } from "./assignment-dialog.tsx";
import { CellPanel } from "./cell-panel.tsx";
import { isSame, parse, show } from "./marks.ts";
import { ReleaseDialog } from "./release-dialog.tsx";
import { GradeSheet } from "./sheet.tsx";
import { Legend } from "./sheet-cell.tsx";
import { UndoBars } from "./undo-bar.tsx";
import { type Cell, useCursor } from "./use-cursor.ts";
import type { Sheet } from "./use-gradebook.ts";

type GradebookProps = { sheet: Sheet; reload: () => void };
type Open = { what: "release" } | { what: "assignment"; assignment: Assignment | undefined };

export function GradebookView({ sheet, reload }: GradebookProps) {
  const { assignments, students, releases, groupId } = sheet.book;
  const cursor = useCursor(sheetOf(sheet));
  const [open, setOpen] = useState<Open | null>(null);
  const [say, toast] = useToast();
  const drafts = assignments
    .flatMap(({ id }) => students.map((student) => sheet.gradeOf(id, student.id)))
    .filter((grade) => grade && !grade.releasedAt).length;
  const done = (words: string) => {
    setOpen(null);
    say(words);
    reload();
  };
  const assignment = assignments[cursor.at.column];
  const student = students[cursor.at.row];
  return (
    <>
      <div className="sheet-tools">
        <p className="soft">
          {drafts > 0 ? `${plural(drafts, "draft")} that nobody but teachers can see` : ""}
        </p>
        <button
          type="button"
          className="button"
          onClick={() => setOpen({ what: "assignment", assignment: undefined })}
        >
          New assignment
        </button>
        <button
          type="button"
          className="button primary"
          disabled={drafts === 0}
          onClick={() => setOpen({ what: "release" })}
        >
          Release grades…
        </button>
      </div>
      <UndoBars
        releases={releases}
        onUndone={() => done("Undone: the grades are drafts again, nobody was told.")}
      />
      {assignments.length === 0 || students.length === 0 ? (
        <Notice title={students.length === 0 ? "No students yet" : "Nothing to grade yet"}>
          {students.length === 0
            ? "Invite students to the group, and they stand here."
            : "Add the first assignment, and the sheet begins."}
        </Notice>
      ) : (
        <div className="gradebook">
          <GradeSheet
            sheet={sheet}
            cursor={cursor}
            onEdit={(assignment) => setOpen({ what: "assignment", assignment })}
          />
          <Legend />
          {assignment && student && <CellPanel sheet={sheet} assignment={assignment} student={student} />}
        </div>
      )}
      {open?.what === "assignment" && (
        <AssignmentDialog
          groupId={groupId}
          assignment={open.assignment}
          onClose={() => setOpen(null)}
          onDone={done}
        />
      )}
      {open?.what === "release" && (
        <ReleaseDialog
          sheet={sheet}
          onClose={() => setOpen(null)}
          onDone={() => done("Released: students see their grades.")}
        />
      )}
      {toast}
    </>
  );
}

/** The sheet as the cursor sees it: rows, columns, and what typing does. */
function sheetOf({ book, gradeOf, stateOf, write, fail }: Sheet) {
  const { students, assignments } = book;
  const at = ({ row, column }: Cell) => ({ student: students[row], assignment: assignments[column] });
  return {
    rows: students.length,
    columns: assignments.length,
    textAt: (cell: Cell) => {
      const { student, assignment } = at(cell);
      return student && assignment ? show(gradeOf(assignment.id, student.id)) : "";
    },
    giveUp: (cell: Cell) => {
      const { student, assignment } = at(cell);
      if (student && assignment) fail(assignment.id, student.id, "");
    },
    commit: (cell: Cell, text: string) => {
      const { student, assignment } = at(cell);
      if (!student || !assignment) return true;
      const value = parse(text, assignment);
      if (typeof value === "string") {
        fail(assignment.id, student.id, value);
        return false;
      }
      const before = gradeOf(assignment.id, student.id);
      if (!isSame(before, value)) {
        const taken = value.points === null && value.mark === null;
        void write(assignment, student.id, value, taken ? "" : (before?.comment ?? ""));
      } else if (stateOf(assignment.id, student.id)?.problem) fail(assignment.id, student.id, "");
      return true;
    },
  };
}
