import type { Currency } from "../../api/currencies.ts";
import { shortDate } from "../../parts/moments.ts";
import type { Payment } from "./api.ts";
import { sayMoney } from "./money.ts";

export function PaymentList({ payments, currency }: { payments: Payment[]; currency: Currency }) {
  if (payments.length === 0) return <p className="soft small">Nothing was paid yet.</p>;
  return (
    <ul className="payment-list" aria-label="Payments">
      {payments.map(({ id, amount, paidOn, reference, recorder }) => (
        <li key={id} data-testid="payment">
          <time dateTime={paidOn}>{shortDate(paidOn)}</time>
          <span className="soft">
            {[reference, recorder && `recorded by ${recorder}`].filter(Boolean).join(" · ")}
          </span>
          <strong>{sayMoney(amount, currency)}</strong>
        </li>
      ))}
    </ul>
  );
}
