import { useState } from "react";
import type { MyGroup } from "../../api/my-groups.ts";
import { newId } from "../../api/new-id.ts";
import { AudiencePicker } from "../../parts/audience-picker.tsx";
import { Check, InputField, SelectField, TextField } from "../../parts/fields.tsx";
import { MomentField } from "../../parts/moment-field.tsx";
import { navigate } from "../../parts/router.tsx";
import { useForm } from "../../parts/use-form.ts";
import { createEvent, updateEvent } from "./acts-api.ts";
import type { EventDetails } from "./api.ts";
import { AudiencePreview } from "./audience-preview.tsx";
import { checkEvent, draftOf, REMINDERS, valuesOf } from "./event-values.ts";

/** `event` is undefined for a new one; its audience cannot be changed later. */
export function EventForm({ event, groups }: { event?: EventDetails; groups: MyGroup[] }) {
  const [clientId] = useState(newId);
  const { values, set, problems, busy, form, onSubmit } = useForm(valuesOf(event, groups));
  const audience = { groupIds: values.groupIds, roles: values.roles };
  const save = async () => {
    const draft = draftOf(values);
    if (event) await updateEvent(event.id, draft);
    const id = event?.id ?? (await createEvent(clientId, draft, audience, values.urgent));
    navigate(`/events/${id}`, { replace: true });
  };
  const text = (field: "title" | "place" | "capacity") => ({
    value: values[field],
    problem: problems[field],
    onChange: ({ target }: { target: { value: string } }) => set({ [field]: target.value }),
  });
  return (
    <form
      className="panel form"
      ref={form}
      noValidate
      onSubmit={onSubmit(save, () => checkEvent(values, event))}
    >
      <InputField label="Title" maxLength={200} {...text("title")} />
      <div className="form-pair">
        <MomentField
          label="Begins"
          value={values.startsAt}
          onChange={(startsAt) => set({ startsAt })}
          problem={problems.startsAt}
        />
        <MomentField
          label="Ends (if that is known)"
          value={values.endsAt}
          onChange={(endsAt) => set({ endsAt })}
          problem={problems.endsAt}
        />
      </div>
      <InputField label="Place" maxLength={200} {...text("place")} />
      <TextField
        label="What happens there"
        rows={4}
        maxLength={5000}
        value={values.description}
        onChange={({ target }) => set({ description: target.value })}
        problem={problems.description}
      />
      <div className="form-pair">
        <InputField label="Places (any number unless you say)" inputMode="numeric" {...text("capacity")} />
        <SelectField
          label="Reminder"
          options={REMINDERS}
          value={values.remindMinutesBefore}
          onChange={({ target }) => set({ remindMinutesBefore: target.value })}
          problem={problems.remindMinutesBefore}
        />
      </div>
      {!event && (
        <>
          <AudiencePicker
            groups={groups}
            value={audience}
            onChange={set}
            problem={problems.groupIds ?? problems.roles}
          />
          <AudiencePreview audience={audience} />
          <Check
            plain
            label="Urgent: the invitation passes quiet hours and digests"
            checked={values.urgent}
            onChange={({ target }) => set({ urgent: target.checked })}
          />
        </>
      )}
      <div className="form-foot">
        <p className="form-problem" role="alert">
          {problems.form}
        </p>
        <button type="submit" className="button primary" disabled={busy}>
          {event ? "Save, and tell those who know of it" : "Create and invite"}
        </button>
      </div>
    </form>
  );
}
