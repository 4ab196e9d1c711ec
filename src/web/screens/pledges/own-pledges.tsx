import { useCallback, useState } from "react";
import { Loading } from "../../parts/loading.tsx";
import { shortDate } from "../../parts/moments.ts";
import { Notice } from "../../parts/notice.tsx";
import { useLoad } from "../../parts/use-load.ts";
import { loadPayments, type Pledge } from "./api.ts";
import { sayMoney } from "./money.ts";
import { PaymentList } from "./payment-list.tsx";
import { Standing } from "./standing.tsx";

export function OwnPledges({ pledges }: { pledges: Pledge[] }) {
  if (pledges.length === 0) return <Notice title="No pledges">You have promised nothing here.</Notice>;
  return (
    <section className="panel" aria-label="My pledges">
      <h2>My pledges</h2>
      <ul className="pledge-list">
        {pledges.map((pledge) => (
          <OwnPledge key={pledge.id} pledge={pledge} />
        ))}
      </ul>
    </section>
  );
}

function OwnPledge({ pledge }: { pledge: Pledge }) {
  const [open, setOpen] = useState(false);
  const { purpose, groupName, amount, paid, currency, dueOn } = pledge;
  return (
    <li data-testid="own-pledge">
      <div className="pledge-words">
        <p>
          <strong>{purpose}</strong> <span className="soft">{groupName ?? "The community"}</span>
        </p>
        <p className="soft small">
          Promised {sayMoney(amount, currency)}, paid {sayMoney(paid, currency)}
          {dueOn && `, due ${shortDate(dueOn)}`}
        </p>
      </div>
      <Standing pledge={pledge} />
      {paid !== 0n && (
        <button type="button" className="button small" aria-expanded={open} onClick={() => setOpen(!open)}>
          Payments<span className="visually-hidden"> for {purpose}</span>
        </button>
      )}
      {open && <Payments pledge={pledge} />}
    </li>
  );
}

function Payments({ pledge }: { pledge: Pledge }) {
  const load = useCallback(() => loadPayments(pledge.id), [pledge.id]);
  return (
    <Loading of={useLoad(load)} what="the payments">
      {(payments) => <PaymentList payments={payments} currency={pledge.currency} />}
    </Loading>
  );
}
