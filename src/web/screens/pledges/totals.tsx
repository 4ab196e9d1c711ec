import { plural } from "../../parts/plural.ts";
import type { Pledge } from "./api.ts";
import { sayMoney } from "./money.ts";

/** The sums, each currency by itself; what somebody paid too much makes nobody else's part smaller. */
export function Totals({ pledges }: { pledges: Pledge[] }) {
  const codes = [...new Set(pledges.map(({ currency }) => currency.code))].sort();
  return codes.map((code) => {
    const some = pledges.filter(({ currency }) => currency.code === code);
    return <Sum key={code} pledges={some} />;
  });
}

function Sum({ pledges }: { pledges: Pledge[] }) {
  const currency = pledges[0]?.currency;
  if (!currency) return null;
  const total = (of: (pledge: Pledge) => bigint) =>
    sayMoney(
      pledges.reduce((sum, pledge) => sum + of(pledge), 0n),
      currency,
    );
  return (
    <dl className="pledge-totals" data-testid={`totals-${currency.code}`}>
      <div>
        <dt>{plural(pledges.length, "pledge")}</dt>
        <dd>{total(({ amount }) => amount)}</dd>
      </div>
      <div>
        <dt>Paid</dt>
        <dd>{total(({ paid }) => paid)}</dd>
      </div>
      <div>
        <dt>Open</dt>
        <dd>{total(({ balance }) => (balance > 0n ? balance : 0n))}</dd>
      </div>
    </dl>
  );
}
