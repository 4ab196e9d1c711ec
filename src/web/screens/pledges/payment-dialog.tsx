import { useCallback, useState } from "react";
import { newId } from "../../api/new-id.ts";
import { Dialog } from "../../parts/dialog.tsx";
import { InputField } from "../../parts/fields.tsx";
import { Loading } from "../../parts/loading.tsx";
import { Segments } from "../../parts/segments.tsx";
import { useForm } from "../../parts/use-form.ts";
import { useLoad } from "../../parts/use-load.ts";
import { AmountField, amountProblem } from "./amount-field.tsx";
import { loadPayments, type Pledge, recordPayment } from "./api.ts";
import { readMoney, sayMoney, writeMoney } from "./money.ts";
import { PaymentList } from "./payment-list.tsx";
import { today } from "./standing.tsx";

type PaymentDialogProps = { pledge: Pledge; onClose: () => void; onDone: (words: string) => void };

const WAYS = [
  ["in", "Paid"],
  ["back", "Paid back"],
] as const;

/** Money that came in, or went back. */
export function PaymentDialog({ pledge, onClose, onDone }: PaymentDialogProps) {
  const { person, purpose, currency, balance } = pledge;
  const [clientId] = useState(newId);
  const [way, setWay] = useState<"in" | "back">("in");
  const { values, set, problems, busy, form, onSubmit } = useForm({
    amount: balance > 0n ? writeMoney(balance, currency) : "",
    paidOn: today(),
    reference: "",
  });
  const load = useCallback(() => loadPayments(pledge.id), [pledge.id]);
  const payments = useLoad(load);
  const amount = readMoney(values.amount, currency.digits);
  const check = () => ({
    ...(amount ? {} : { amount: amountProblem(currency) }),
    ...(values.paidOn ? {} : { paidOn: "Say on which day." }),
  });
  const record = async () => {
    const signed = (amount ?? 0n) * (way === "in" ? 1n : -1n);
    await recordPayment({ ...values, pledgeId: pledge.id, amount: signed, clientId });
    onDone(`${sayMoney(amount ?? 0n, currency)} recorded for ${person.name}.`);
  };
  return (
    <Dialog title={`A payment of ${person.name}`} onClose={onClose}>
      <form ref={form} onSubmit={onSubmit(record, check)} noValidate className="form">
        <p className="dialog-text">
          {purpose}: {balance > 0n ? `${sayMoney(balance, currency)} are open.` : "nothing is open."}
        </p>
        <Segments label="Which way the money went" options={WAYS} value={way} onChange={setWay} />
        <div className="form-pair">
          <AmountField
            label={`Amount in ${currency.code}`}
            currency={currency}
            value={values.amount}
            onChange={(text) => set({ amount: text })}
            problem={problems.amount}
          />
          <InputField
            label="Day"
            type="date"
            value={values.paidOn}
            onChange={({ target }) => set({ paidOn: target.value })}
            problem={problems.paidOn}
          />
        </div>
        <InputField
          label="Reference"
          hint="What the bank or the book says."
          maxLength={200}
          value={values.reference}
          onChange={({ target }) => set({ reference: target.value })}
          problem={problems.reference}
        />
        <h3>So far</h3>
        <Loading of={payments} what="the payments">
          {(some) => <PaymentList payments={some} currency={currency} />}
        </Loading>
        <p className="form-problem" role="alert">
          {problems.form}
        </p>
        <div className="dialog-foot">
          <button type="button" className="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" className="button primary" disabled={busy}>
            {busy ? "Recording…" : "Record"}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
