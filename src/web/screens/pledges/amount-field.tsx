import type { Currency } from "../../api/currencies.ts";
import { InputField } from "../../parts/fields.tsx";
import { readMoney, sayMoney } from "./money.ts";

type AmountFieldProps = {
  label: string;
  currency: Currency | undefined;
  value: string;
  onChange: (value: string) => void;
  problem: string | undefined;
};

/** Says under what is typed which amount it is, so that a point for a comma is seen before it counts. */
export function AmountField({ currency, value, onChange, ...field }: AmountFieldProps) {
  const amount = currency && readMoney(value, currency.digits);
  return (
    <InputField
      {...field}
      inputMode="decimal"
      autoComplete="off"
      value={value}
      onChange={({ target }) => onChange(target.value)}
      hint={
        <span data-testid="amount-read">
          {currency && amount != null ? sayMoney(amount, currency) : "\u00a0"}
        </span>
      }
    />
  );
}

/** What to say of an amount that cannot be read. */
export function amountProblem({ code, digits }: Currency): string {
  const example = digits > 0 ? `1500 or 1500.${"5".padEnd(digits, "0")}` : "1500";
  return `Write an amount of ${code} such as ${example}.`;
}
