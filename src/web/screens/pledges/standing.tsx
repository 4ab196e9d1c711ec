import type { Pledge } from "./api.ts";
import { sayMoney } from "./money.ts";

/** What is open of a pledge, and a word where it is not simply open. */
export function Standing({ pledge: { balance, amount, currency, dueOn } }: { pledge: Pledge }) {
  if (balance < 0n) return <span className="chip wait">{sayMoney(-balance, currency)} too much</span>;
  if (amount === 0n && balance === 0n) return <span className="chip">nothing promised</span>;
  if (balance === 0n) return <span className="chip good">paid</span>;
  return (
    <span className="pledge-open">
      {sayMoney(balance, currency)}
      {dueOn && dueOn < today() && <span className="chip bad">overdue</span>}
    </span>
  );
}

/** The day on the viewer's clock. */
export function today(): string {
  const now = new Date();
  return new Date(now.getTime() - now.getTimezoneOffset() * 60_000).toISOString().slice(0, 10);
}
