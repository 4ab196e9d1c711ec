import { useState } from "react";
import type { MyGroup } from "../../api/my-groups.ts";
import { newId } from "../../api/new-id.ts";
import { AudiencePicker } from "../../parts/audience-picker.tsx";
import { Dialog } from "../../parts/dialog.tsx";
import { Check, InputField, TextField } from "../../parts/fields.tsx";
import { MomentField } from "../../parts/moment-field.tsx";
import { type Problems, useForm } from "../../parts/use-form.ts";
import { announce, type Words } from "./announce-api.ts";

type AnnounceDialogProps = { groups: MyGroup[]; onClose: () => void; onDone: () => void };

export function AnnounceDialog({ groups, onClose, onDone }: AnnounceDialogProps) {
  const [clientId] = useState(newId);
  const only = groups.length === 1 ? groups[0] : undefined;
  const first: Words = {
    title: "",
    body: "",
    groupIds: only ? [only.id] : [],
    roles: [],
    urgent: false,
    notBefore: null,
  };
  const { values, set, problems, busy, form, onSubmit } = useForm(first);
  const send = () => announce(clientId, values).then(onDone);
  return (
    <Dialog title="Announce" onClose={onClose}>
      <form className="form" ref={form} noValidate onSubmit={onSubmit(send, () => check(values))}>
        <InputField
          label="Title"
          maxLength={200}
          value={values.title}
          onChange={({ target }) => set({ title: target.value })}
          problem={problems.title}
        />
        <TextField
          label="Text"
          rows={5}
          maxLength={10000}
          value={values.body}
          onChange={({ target }) => set({ body: target.value })}
          problem={problems.body}
        />
        <AudiencePicker
          groups={groups}
          value={values}
          onChange={set}
          problem={problems.groupIds ?? problems.roles}
        />
        <MomentField
          label="Not before (now unless you choose)"
          value={values.notBefore ?? ""}
          onChange={(notBefore) => set({ notBefore: notBefore || null })}
          problem={problems.notBefore}
        />
        <Check
          plain
          label="Urgent: passes quiet hours and digests"
          checked={values.urgent}
          onChange={({ target }) => set({ urgent: target.checked })}
        />
        <div className="form-foot">
          <p className="form-problem" role="alert">
            {problems.form}
          </p>
          <button type="submit" className="button primary" disabled={busy}>
            Announce
          </button>
        </div>
      </form>
    </Dialog>
  );
}

function check({ title, body, groupIds }: Words): Problems {
  const problems: Problems = {};
  if (!title.trim()) problems.title = "Please enter a title.";
  if (!body.trim()) problems.body = "Please enter what you want to say.";
  if (groupIds.length === 0) problems.groupIds = "Please choose a group.";
  return problems;
}
