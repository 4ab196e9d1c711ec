import { useState } from "react";
import { TextField } from "../../parts/fields.tsx";
import { moment } from "../../parts/moments.ts";
import type { Assignment, Student } from "./api.ts";
import { showWhole } from "./marks.ts";
import { stateOf } from "./sheet-cell.tsx";
import type { Sheet } from "./use-gradebook.ts";

type CellPanelProps = { sheet: Sheet; assignment: Assignment; student: Student };

/** What is known of the cell under the cursor, and the comment that goes with the grade. */
export function CellPanel({ sheet, assignment, student }: CellPanelProps) {
  const grade = sheet.gradeOf(assignment.id, student.id);
  const state = sheet.stateOf(assignment.id, student.id);
  return (
    <section className="panel cell-panel" aria-label="Chosen grade">
      <div>
        <h2>{student.name}</h2>
        <p className="soft small">{assignment.title}</p>
        <p className="cell-value" data-testid="cell-value">
          {grade ? showWhole(grade, assignment) : "No grade yet"}
        </p>
        <p className="small" role="status" data-testid="cell-state">
          {state?.saving ? "Saving…" : STATE_WORDS[stateOf(grade)]}
          {grade?.changedAt && ` ${moment(grade.changedAt)}.`}
        </p>
        <p className="field-problem" role="alert" data-testid="cell-problem">
          {state?.problem}
        </p>
      </div>
      {grade && (
        <CommentField
          key={`${grade.id} ${grade.comment}`}
          comment={grade.comment}
          save={(comment) =>
            sheet.write(assignment, student.id, { points: grade.points, mark: grade.mark }, comment)
          }
        />
      )}
    </section>
  );
}

const STATE_WORDS = {
  none: "Type to grade.",
  draft: "Draft: only teachers see it.",
  released: "Released. A change is seen at once, and told of within five minutes.",
  corrected: "Released, and corrected",
};

function CommentField({ comment, save }: { comment: string; save: (comment: string) => Promise<void> }) {
  const [text, setText] = useState(comment);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void save(text.trim());
      }}
    >
      <TextField
        label="Comment to the student"
        rows={2}
        maxLength={4000}
        value={text}
        onChange={({ target }) => setText(target.value)}
      />
      <button type="submit" className="button" disabled={text.trim() === comment}>
        Save comment
      </button>
    </form>
  );
}
