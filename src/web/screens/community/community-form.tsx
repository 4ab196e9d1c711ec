import { Choice } from "../../parts/choice.tsx";
import { Check, InputField, SelectField } from "../../parts/fields.tsx";
import { LANGUAGES, zoneOptions } from "../../parts/places.ts";
import { useForm } from "../../parts/use-form.ts";
import { type Community, type MinorsChatWith, updateCommunity } from "./api.ts";
import { ColourField } from "./colour-field.tsx";

const MINORS_CHAT_WITH: { value: MinorsChatWith; label: string; hint?: string }[] = [
  { value: "nobody", label: "No adult" },
  { value: "teachers", label: "Teachers", hint: "Of the groups that the minor is in." },
  { value: "guardian-present", label: "Adults while a guardian is in the conversation" },
  { value: "everybody", label: "Every adult" },
];

type CommunityFormProps = { community: Community; say: (words: string) => void };

export function CommunityForm({ community, say }: CommunityFormProps) {
  const { values, set, problems, busy, form, onSubmit } = useForm(community);
  const save = async () => {
    set(await updateCommunity({ ...values, name: values.name.trim(), colour: values.colour.trim() }));
    say("Saved.");
  };
  return (
    <form ref={form} onSubmit={onSubmit(save)} noValidate aria-label="Community">
      <section className="panel" aria-label="Name and colour">
        <h2>Name and colour</h2>
        <InputField
          label="Name"
          value={values.name}
          onChange={({ target }) => set({ name: target.value })}
          problem={problems.name}
        />
        <ColourField value={values.colour} onChange={(colour) => set({ colour })} problem={problems.colour} />
      </section>
      <section className="panel" aria-label="Language and time">
        <h2>Language and time</h2>
        <div className="form-pair">
          <SelectField
            label="Language"
            hint="Of letters to those who chose none."
            options={Object.entries(LANGUAGES)}
            value={values.locale}
            onChange={({ target }) => set({ locale: target.value })}
            problem={problems.locale}
          />
          <SelectField
            label="Time zone"
            hint="Of those who chose none, and of days to pay."
            options={zoneOptions(values.timeZone)}
            value={values.timeZone}
            onChange={({ target }) => set({ timeZone: target.value })}
            problem={problems.timeZone}
          />
        </div>
      </section>
      <section className="panel" aria-label="Minors and guardians">
        <h2>Minors and guardians</h2>
        <Check
          plain
          label="Who is invited as a student counts as a minor"
          checked={values.studentsAreMinors}
          onChange={({ target }) => set({ studentsAreMinors: target.checked })}
        />
        <Check
          plain
          label="Guardians see the grades of their children and are told of them"
          checked={values.guardiansGetGrades}
          onChange={({ target }) => set({ guardiansGetGrades: target.checked })}
        />
        <Choice
          legend="Who may open a direct conversation with a minor"
          options={MINORS_CHAT_WITH}
          value={values.minorsChatWith}
          onChange={(minorsChatWith) => set({ minorsChatWith })}
        />
      </section>
      <div className="form-foot">
        <p className="form-problem" role="alert">
          {problems.form}
        </p>
        <button type="submit" className="button primary" disabled={busy}>
          {busy ? "Saving…" : "Save"}
        </button>
      </div>
    </form>
  );
}
