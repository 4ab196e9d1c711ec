import { useState } from "react";
import { createGroup, type Group, updateGroup } from "../../api/groups.ts";
import { newId } from "../../api/new-id.ts";
import { Dialog } from "../../parts/dialog.tsx";
import { InputField, TextField } from "../../parts/fields.tsx";
import { useForm } from "../../parts/use-form.ts";

const KINDS = ["class", "club", "team", "committee"];

type GroupDialogProps = {
  /** The one to change; without it a new one is made, with its maker as its owner. */
  group?: Group;
  onClose: () => void;
  onDone: (id: string) => void;
};

/** A class, a club or whatever people call it. */
export function GroupDialog({ group, onClose, onDone }: GroupDialogProps) {
  const [clientId] = useState(newId);
  const { name, kind, description } = group ?? { name: "", kind: "club", description: "" };
  const { values, set, problems, busy, form, onSubmit } = useForm({ name, kind, description });
  const save = async () => {
    const words = { ...values, name: values.name.trim(), kind: values.kind.trim().toLowerCase() };
    if (!group) return onDone(await createGroup({ ...words, clientId }));
    await updateGroup(group.id, words);
    onDone(group.id);
  };
  const action = group ? "Save" : "Make the group";
  return (
    <Dialog title={group ? `Change ${group.name}` : "New group"} onClose={onClose}>
      <form ref={form} onSubmit={onSubmit(save)} noValidate className="form">
        <InputField
          label="Name"
          data-testid="group-name"
          value={values.name}
          onChange={({ target }) => set({ name: target.value })}
          problem={problems.name}
        />
        <InputField
          label="What it is"
          hint="One word: class, club, team …"
          list="group-kinds"
          value={values.kind}
          onChange={({ target }) => set({ kind: target.value })}
          problem={problems.kind}
        />
        <datalist id="group-kinds">
          {KINDS.map((kind) => (
            <option key={kind} value={kind} />
          ))}
        </datalist>
        <TextField
          label="Description"
          rows={3}
          value={values.description}
          onChange={({ target }) => set({ description: target.value })}
          problem={problems.description}
        />
        <p className="form-problem" role="alert">
          {problems.form}
        </p>
        <div className="dialog-foot">
          <button type="button" className="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" className="button primary" data-testid="group-make" disabled={busy}>
            {busy ? "One moment…" : action}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
