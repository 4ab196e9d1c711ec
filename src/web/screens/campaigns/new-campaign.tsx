import { useState } from "react";
import type { MyGroups } from "../../api/my-groups.ts";
import { newId } from "../../api/new-id.ts";
import { InputField, SelectField } from "../../parts/fields.tsx";
import { Notice } from "../../parts/notice.tsx";
import { Page } from "../../parts/page.tsx";
import { navigate } from "../../parts/router.tsx";
import { type Problems, useForm } from "../../parts/use-form.ts";
import { createDraft } from "./draft-api.ts";

const COMMUNITY = "community";
const FIRST_WORDS = "Dear #name,\n\n";

/** Who sends it and what it is called; the rest is written in the editor. */
export function NewCampaign({ mine: { staffGroups, runsCommunity } }: { mine: MyGroups }) {
  const [clientId] = useState(newId);
  const senders = [
    ...(runsCommunity ? [[COMMUNITY, "The whole community"] as const] : []),
    ...staffGroups.map(({ id, name }) => [id, name] as const),
  ];
  const { values, set, problems, busy, form, onSubmit } = useForm({
    name: "",
    groupId: senders[0]?.[0] ?? "",
    subject: "",
  });
  const create = async () => {
    const { name, subject, groupId } = values;
    const draft = { name: name.trim(), subject: subject.trim(), body: FIRST_WORDS };
    const id = await createDraft(draft, groupId === COMMUNITY ? null : groupId, clientId);
    navigate(`/campaigns/${id}`, { replace: true });
  };
  const back = { label: "Campaigns", href: "/campaigns" };
  if (senders.length === 0)
    return (
      <Page title="New campaign" back={back} width="narrow">
        <Notice title="For teachers and owners">Only staff of a group can write to it.</Notice>
      </Page>
    );
  return (
    <Page title="New campaign" back={back} width="narrow">
      <form className="panel form" ref={form} noValidate onSubmit={onSubmit(create, () => check(values))}>
        <InputField
          label="Name"
          hint="Only staff see it."
          maxLength={200}
          value={values.name}
          onChange={({ target }) => set({ name: target.value })}
          problem={problems.name}
        />
        <SelectField
          label="Sent by"
          options={senders}
          value={values.groupId}
          onChange={({ target }) => set({ groupId: target.value })}
          problem={problems.groupId}
        />
        <InputField
          label="Subject of the letter"
          maxLength={300}
          value={values.subject}
          onChange={({ target }) => set({ subject: target.value })}
          problem={problems.subject}
        />
        <div className="form-foot">
          <p className="form-problem" role="alert">
            {problems.form}
          </p>
          <button type="submit" className="button primary" disabled={busy}>
            Write the letter
          </button>
        </div>
      </form>
    </Page>
  );
}

function check({ name, subject }: { name: string; subject: string }): Problems {
  const problems: Problems = {};
  if (!name.trim()) problems.name = "Please enter a name.";
  if (!subject.trim()) problems.subject = "Please enter a subject.";
  return problems;
}
