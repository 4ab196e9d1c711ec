import { useCallback } from "react";
import { type Currency, loadCurrencies } from "../../api/currencies.ts";
import type { Person } from "../../api/session.ts";
import { Dialog } from "../../parts/dialog.tsx";
import { InputField, SelectField } from "../../parts/fields.tsx";
import { Loading } from "../../parts/loading.tsx";
import { type Problems, useForm } from "../../parts/use-form.ts";
import { useLoad } from "../../parts/use-load.ts";
import { AmountField, amountProblem } from "./amount-field.tsx";
import { loadPledgers, type Pledge, setPledge } from "./api.ts";
import { readMoney, sayMoney, writeMoney } from "./money.ts";

type PledgeDialogProps = {
  groupId: string | null;
  /** The one to change; null: a new one. */
  pledge: Pledge | null;
  /** Those that there are. */
  pledges: Pledge[];
  onClose: () => void;
  onDone: (words: string) => void;
};

export function PledgeDialog(props: PledgeDialogProps) {
  const { groupId, pledge, onClose } = props;
  const load = useCallback(
    async () => ({
      people: pledge ? [pledge.person] : await loadPledgers(groupId),
      currencies: await loadCurrencies(),
    }),
    [groupId, pledge],
  );
  const loaded = useLoad(load);
  return (
    <Dialog title={pledge ? `The pledge of ${pledge.person.name}` : "A new pledge"} onClose={onClose}>
      <Loading of={loaded} what="people and currencies">
        {({ people, currencies }) => <PledgeForm {...props} people={people} currencies={currencies} />}
      </Loading>
    </Dialog>
  );
}

type PledgeFormProps = PledgeDialogProps & { people: Person[]; currencies: Currency[] };

function PledgeForm({ groupId, pledge, pledges, people, currencies, onClose, onDone }: PledgeFormProps) {
  const latest = pledge ?? pledges.at(-1);
  const { values, set, problems, busy, form, onSubmit } = useForm({
    personId: people[0]?.id ?? "",
    purpose: latest?.purpose ?? "",
    amount: pledge ? writeMoney(pledge.amount, pledge.currency) : "",
    currency: latest?.currency.code ?? "EUR",
    dueOn: pledge?.dueOn ?? "",
  });
  const currency = currencies.find(({ code }) => code === values.currency);
  const amount = currency && readMoney(values.amount, currency.digits);
  const name = people.find(({ id }) => id === values.personId)?.name ?? "";
  const takesPlaceOf =
    !pledge &&
    pledges.find(({ person, purpose }) => person.id === values.personId && purpose === values.purpose.trim());

  const check = (): Problems => (amount == null && currency ? { amount: amountProblem(currency) } : {});
  const save = async () => {
    const { personId, dueOn } = values;
    const entry = { personId, amount: amount ?? 0n, currency: values.currency, dueOn: dueOn || null };
    await setPledge(groupId, values.purpose.trim(), entry);
    onDone(`The pledge of ${name} is written down.`);
  };
  return (
    <form ref={form} onSubmit={onSubmit(save, check)} noValidate className="form">
      {!pledge && (
        <SelectField
          label="Who"
          options={people.map(({ id, name }) => [id, name] as const)}
          value={values.personId}
          onChange={({ target }) => set({ personId: target.value })}
        />
      )}
      <InputField
        label="Purpose"
        hint={pledge ? undefined : "Campaigns with the same purpose write about it."}
        list="pledge-purposes"
        maxLength={100}
        readOnly={pledge !== null}
        value={values.purpose}
        onChange={({ target }) => set({ purpose: target.value })}
        problem={problems.purpose}
      />
      <datalist id="pledge-purposes">
        {[...new Set(pledges.map(({ purpose }) => purpose))].map((purpose) => (
          <option key={purpose} value={purpose} />
        ))}
      </datalist>
      <div className="form-pair">
        <AmountField
          label="Amount"
          currency={currency}
          value={values.amount}
          onChange={(text) => set({ amount: text })}
          problem={problems.amount}
        />
        <SelectField
          label="Currency"
          options={currencies.map(({ code }) => [code, code] as const)}
          value={values.currency}
          onChange={({ target }) => set({ currency: target.value })}
          disabled={pledge !== null && pledge.paid !== 0n}
          hint={pledge && pledge.paid !== 0n ? "It stays: something was paid in it." : undefined}
        />
        <InputField
          label="Due"
          type="date"
          value={values.dueOn}
          onChange={({ target }) => set({ dueOn: target.value })}
          hint="The last day to pay, if there is one."
        />
      </div>
      <p role="status" className="soft small">
        {takesPlaceOf &&
          `Takes the place of the ${sayMoney(takesPlaceOf.amount, takesPlaceOf.currency)} that ${name} promised before; payments stay.`}
      </p>
      <p className="form-problem" role="alert">
        {problems.form}
      </p>
      <div className="dialog-foot">
        <button type="button" className="button" onClick={onClose}>
          Cancel
        </button>
        <button type="submit" className="button primary" disabled={busy || !values.personId}>
          {busy ? "Saving…" : "Save"}
        </button>
      </div>
    </form>
  );
}
