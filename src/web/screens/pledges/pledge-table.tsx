import { shortDate } from "../../parts/moments.ts";
import type { Pledge } from "./api.ts";
import { sayMoney } from "./money.ts";
import { Standing } from "./standing.tsx";

type PledgeTableProps = {
  pledges: Pledge[];
  showPurpose: boolean;
  onAsk: (what: "payment" | "pledge", pledge: Pledge) => void;
};

export function PledgeTable({ pledges, showPurpose, onAsk }: PledgeTableProps) {
  return (
    <div className="table-frame">
      <table className="table pledge-table">
        <caption className="visually-hidden">Pledges</caption>
        <thead>
          <tr>
            <th scope="col">Who</th>
            {showPurpose && <th scope="col">For</th>}
            <th scope="col">Due</th>
            <th scope="col" className="number">
              Promised
            </th>
            <th scope="col" className="number">
              Paid
            </th>
            <th scope="col" className="number">
              Open
            </th>
            <th scope="col">
              <span className="visually-hidden">What to do</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {pledges.map((pledge) => (
            <Row key={pledge.id} pledge={pledge} showPurpose={showPurpose} onAsk={onAsk} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

type RowProps = Pick<PledgeTableProps, "showPurpose" | "onAsk"> & { pledge: Pledge };

function Row({ pledge, showPurpose, onAsk }: RowProps) {
  const { person, purpose, dueOn, amount, paid, currency } = pledge;
  const whose = ` ${person.name}, ${purpose}`;
  return (
    <tr data-testid="pledge">
      <th scope="row">{person.name}</th>
      {showPurpose && <td>{purpose}</td>}
      <td className="pledge-day">{dueOn ? shortDate(dueOn) : "—"}</td>
      <td className="number">{sayMoney(amount, currency)}</td>
      <td className="number">{sayMoney(paid, currency)}</td>
      <td className="number">
        <Standing pledge={pledge} />
      </td>
      <td className="pledge-acts">
        <button type="button" className="button small" onClick={() => onAsk("payment", pledge)}>
          Payment…<span className="visually-hidden">{whose}</span>
        </button>
        <button type="button" className="button small" onClick={() => onAsk("pledge", pledge)}>
          Change…<span className="visually-hidden">{whose}</span>
        </button>
      </td>
    </tr>
  );
}
