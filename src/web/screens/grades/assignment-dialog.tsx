import { useState } from "react";
import { newId } from "../../api/new-id.ts";
import { Dialog } from "../../parts/dialog.tsx";
import { InputField, SelectField, TextField } from "../../parts/fields.tsx";
import { MomentField } from "../../parts/moment-field.tsx";
import { type Problems, useForm } from "../../parts/use-form.ts";
import { type Assignment, createAssignment, type Scale, updateAssignment } from "./api.ts";
import { SCALES } from "./marks.ts";

type AssignmentDialogProps = {
  groupId: string;
  /** Undefined: a new one. */
  assignment: Assignment | undefined;
  onClose: () => void;
  onDone: (words: string) => void;
};

export function AssignmentDialog({ groupId, assignment, onClose, onDone }: AssignmentDialogProps) {
  const [clientId] = useState(() => newId());
  const { values, set, problems, busy, form, onSubmit } = useForm({
    title: assignment?.title ?? "",
    description: assignment?.description ?? "",
    dueAt: assignment?.dueAt ?? "",
    scale: assignment?.scale ?? ("points" as Scale),
    maxPoints: String(assignment?.maxPoints ?? 100),
  });
  const save = async () => {
    const { scale } = values;
    const maxPoints = scale === "points" ? Number(values.maxPoints) : null;
    const draft = { ...values, title: values.title.trim(), dueAt: values.dueAt || null, maxPoints };
    if (assignment) await updateAssignment(assignment.id, draft);
    else await createAssignment(groupId, clientId, draft);
    onDone(assignment ? "The assignment is changed." : `${draft.title} is on the sheet.`);
  };
  return (
    <Dialog title={assignment ? "Change the assignment" : "New assignment"} onClose={onClose}>
      <form className="form" ref={form} noValidate onSubmit={onSubmit(save, () => check(values))}>
        <InputField
          label="Title"
          maxLength={200}
          value={values.title}
          onChange={({ target }) => set({ title: target.value })}
          problem={problems.title}
        />
        <div className="form-pair">
          <SelectField
            label="Grades are"
            options={SCALES}
            value={values.scale}
            disabled={Boolean(assignment)}
            onChange={({ target }) => set({ scale: target.value as Scale })}
            problem={problems.scale}
          />
          {values.scale === "points" && (
            <InputField
              label="Most points"
              inputMode="decimal"
              value={values.maxPoints}
              onChange={({ target }) => set({ maxPoints: target.value })}
              problem={problems.maxPoints}
            />
          )}
        </div>
        <MomentField
          label="Due (if at a certain time)"
          value={values.dueAt}
          onChange={(dueAt) => set({ dueAt })}
          problem={problems.dueAt}
        />
        <TextField
          label="What is to be done"
          rows={4}
          maxLength={10000}
          value={values.description}
          onChange={({ target }) => set({ description: target.value })}
          problem={problems.description}
        />
        <div className="form-foot">
          <p className="form-problem" role="alert">
            {problems.form}
          </p>
          <button type="submit" className="button primary" disabled={busy}>
            {assignment ? "Save" : "Add to the sheet"}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

function check({ title, scale, maxPoints }: { title: string; scale: Scale; maxPoints: string }): Problems {
  const problems: Problems = {};
  if (!title.trim()) problems.title = "Please enter a title.";
  if (scale === "points" && !(Number(maxPoints) > 0)) problems.maxPoints = "Please enter a number above 0.";
  return problems;
}
