import { useCallback, useState } from "react";
import { newId } from "../../api/new-id.ts";
import { Dialog } from "../../parts/dialog.tsx";
import { Check, SelectField } from "../../parts/fields.tsx";
import { Loading } from "../../parts/loading.tsx";
import { plural } from "../../parts/plural.ts";
import { useForm } from "../../parts/use-form.ts";
import { useLoad } from "../../parts/use-load.ts";
import { type Assignment, previewRelease, releaseGrades } from "./api.ts";
import { ForecastTable } from "./forecast-table.tsx";
import type { Sheet } from "./use-gradebook.ts";

type ReleaseDialogProps = { sheet: Sheet; onClose: () => void; onDone: () => void };

/** Which assignments, who would get what, and how long the telling is held back. */
export function ReleaseDialog({ sheet, onClose, onDone }: ReleaseDialogProps) {
  const waiting = sheet.book.assignments
    .map((assignment) => ({ assignment, drafts: draftsIn(sheet, assignment) }))
    .filter(({ drafts }) => drafts > 0);
  const [clientId] = useState(() => newId());
  const { values, set, problems, busy, form, onSubmit } = useForm({
    assignmentIds: waiting.map(({ assignment }) => assignment.id),
    holdBackMinutes: "5",
  });
  const chosen = values.assignmentIds;
  const toggle = (id: string) =>
    set({ assignmentIds: chosen.includes(id) ? chosen.filter((other) => other !== id) : [...chosen, id] });
  const release = async () => {
    await releaseGrades(chosen, clientId, Number(values.holdBackMinutes));
    onDone();
  };
  return (
    <Dialog title="Release grades" onClose={onClose}>
      <form className="form needs-width" ref={form} noValidate onSubmit={onSubmit(release)}>
        <fieldset className="fieldset">
          <legend>Assignments with drafts</legend>
          <div className="checks">
            {waiting.map(({ assignment: { id, title }, drafts }) => (
              <Check
                key={id}
                label={`${title} (${drafts})`}
                checked={chosen.includes(id)}
                onChange={() => toggle(id)}
              />
            ))}
          </div>
          <p className="field-problem" role="alert">
            {problems.assignmentIds}
          </p>
        </fieldset>
        {chosen.length > 0 && <Preview key={chosen.join()} assignmentIds={chosen} sheet={sheet} />}
        <SelectField
          label="Tell students and guardians"
          options={HOLD_BACKS}
          value={values.holdBackMinutes}
          onChange={({ target }) => set({ holdBackMinutes: target.value })}
          problem={problems.holdBackMinutes}
          hint="The grades are seen at once. Until the telling, the release can be undone as if it had never been."
        />
        <div className="form-foot">
          <p className="form-problem" role="alert">
            {problems.form}
          </p>
          <button
            type="submit"
            className="button primary"
            disabled={busy || chosen.length === 0}
            data-testid="release-button"
          >
            Release
          </button>
        </div>
      </form>
    </Dialog>
  );
}

const HOLD_BACKS = [
  ["0", "at once (no undo)"],
  ["5", "in 5 minutes"],
  ["15", "in 15 minutes"],
  ["30", "in 30 minutes"],
  ["60", "in an hour"],
] as const;

function Preview({ assignmentIds, sheet }: { assignmentIds: string[]; sheet: Sheet }) {
  const load = useCallback(() => previewRelease(assignmentIds), [assignmentIds]);
  const loaded = useLoad(load);
  return (
    <Loading of={loaded} what="who gets what">
      {(rows) => {
        const ready = rows.filter((row) => row.ready > 0);
        const grades = ready.reduce((sum, row) => sum + row.ready, 0);
        const guardians = ready.reduce((sum, row) => sum + row.guardians, 0);
        return (
          <>
            <p className="callout" data-testid="release-summary">
              {plural(ready.length, "student")} will see {plural(grades, "grade")}.{" "}
              {guardians > 0 && `${plural(guardians, "guardian is", "guardians are")} told too.`}
            </p>
            <ForecastTable rows={rows} assignments={sheet.book.assignments} />
          </>
        );
      }}
    </Loading>
  );
}

function draftsIn({ book, gradeOf }: Sheet, { id }: Assignment): number {
  return book.students.filter((student) => gradeOf(id, student.id)?.releasedAt === null).length;
}
