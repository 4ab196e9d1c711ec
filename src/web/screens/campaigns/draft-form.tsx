import { loadCurrencies } from "../../api/currencies.ts";
import type { MyGroup } from "../../api/my-groups.ts";
import { AudiencePicker } from "../../parts/audience-picker.tsx";
import { InputField, SelectField } from "../../parts/fields.tsx";
import { useLoad } from "../../parts/use-load.ts";
import { BodyField } from "./body-field.tsx";
import { OwnTags } from "./own-tags.tsx";
import { needsPurpose } from "./tags.ts";
import type { DraftState } from "./use-draft.ts";

type DraftFormProps = { state: DraftState; groups: MyGroup[]; sender: string; follows: boolean };

export function DraftForm({ state: { draft, set, problems }, groups, sender, follows }: DraftFormProps) {
  const declare = (name: string) =>
    set({ tags: [...draft.tags, { name, type: "text", defaultValue: null }] });
  return (
    <form
      className="panel form"
      noValidate
      onSubmit={(event) => event.preventDefault()}
      aria-label="Campaign"
    >
      <InputField
        label="Name"
        maxLength={200}
        value={draft.name}
        onChange={({ target }) => set({ name: target.value })}
        problem={problems.name}
      />
      {!follows && (
        <AudiencePicker
          groups={groups}
          none={`No group chosen: everybody of ${sender}.`}
          value={{ groupIds: draft.audienceGroupIds, roles: draft.audienceRoles }}
          onChange={({ groupIds, roles }) => set({ audienceGroupIds: groupIds, audienceRoles: roles })}
          problem={problems.audienceGroupIds ?? problems.audienceRoles}
        />
      )}
      <InputField
        label="Subject"
        maxLength={300}
        value={draft.subject}
        onChange={({ target }) => set({ subject: target.value })}
        problem={problems.subject}
      />
      <BodyField
        value={draft.body}
        own={draft.tags}
        problem={problems.body}
        onChange={(body) => set({ body })}
        onDeclare={declare}
      />
      <OwnTags tags={draft.tags} problem={problems.tags} onChange={(tags) => set({ tags })} />
      <div className="form-pair">
        <InputField
          label="Purpose of the pledges"
          hint={
            needsPurpose(draft.body + draft.subject)
              ? "Pledges for this are what the tags speak of."
              : undefined
          }
          maxLength={100}
          value={draft.purpose}
          onChange={({ target }) => set({ purpose: target.value })}
          problem={problems.purpose}
        />
        <InputField
          label="Due on"
          type="date"
          value={draft.dueOn ?? ""}
          onChange={({ target }) => set({ dueOn: target.value || null })}
          problem={problems.dueOn}
        />
      </div>
      {draft.tags.some(({ type }) => type === "money") && (
        <CurrencyField
          value={draft.currency}
          onChange={(currency) => set({ currency })}
          problem={problems.currency}
        />
      )}
      <p className="form-problem" role="alert">
        {problems.form}
      </p>
    </form>
  );
}

type CurrencyFieldProps = {
  value: string | null;
  onChange: (code: string | null) => void;
  problem: string | undefined;
};

function CurrencyField({ value, onChange, problem }: CurrencyFieldProps) {
  const { data: currencies } = useLoad(loadCurrencies);
  return (
    <SelectField
      label="Currency"
      options={[["", "none"], ...(currencies ?? []).map(({ code }) => [code, code] as const)]}
      value={value ?? ""}
      onChange={({ target }) => onChange(target.value || null)}
      problem={problem}
    />
  );
}
