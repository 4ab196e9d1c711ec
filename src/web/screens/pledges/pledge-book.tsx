import { useCallback, useState } from "react";
import type { MyGroups } from "../../api/my-groups.ts";
import { SelectField } from "../../parts/fields.tsx";
import { Loading } from "../../parts/loading.tsx";
import { Notice } from "../../parts/notice.tsx";
import { navigate, usePlace } from "../../parts/router.tsx";
import { useLoad } from "../../parts/use-load.ts";
import { useToast } from "../../parts/use-toast.tsx";
import { loadPledges, type Pledge } from "./api.ts";
import { PaymentDialog } from "./payment-dialog.tsx";
import { PledgeDialog } from "./pledge-dialog.tsx";
import { PledgeTable } from "./pledge-table.tsx";
import { Totals } from "./totals.tsx";

const COMMUNITY = "community";

/** The pledges that staff keeps: of a group, or of the community for its owners. */
export function PledgeBook({ mine }: { mine: MyGroups }) {
  const options = [
    ...mine.staffGroups.map(({ id, name }) => [id, name] as const),
    ...(mine.runsCommunity ? [[COMMUNITY, "The community"] as const] : []),
  ];
  const asked = usePlace().query.get("of");
  const of = options.find(([id]) => id === asked)?.[0] ?? options[0]?.[0] ?? COMMUNITY;
  return (
    <section className="panel" aria-label="Pledges to look after">
      <h2>Pledges to look after</h2>
      <SelectField
        label="Promised to"
        options={options}
        value={of}
        onChange={({ target }) => navigate(`/pledges?of=${target.value}`, { replace: true })}
      />
      <Book key={of} groupId={of === COMMUNITY ? null : of} />
    </section>
  );
}

type Asked = { what: "payment" | "pledge"; pledge: Pledge | null };

function Book({ groupId }: { groupId: string | null }) {
  const load = useCallback(() => loadPledges(groupId), [groupId]);
  const loaded = useLoad(load);
  const [asked, setAsked] = useState<Asked | null>(null);
  const [say, toast] = useToast();
  const close = () => setAsked(null);
  const done = (words: string) => {
    close();
    say(words);
    loaded.reload();
  };
  return (
    <>
      <Loading of={loaded} what="the pledges">
        {(pledges) => (
          <>
            {pledges.length > 0 ? (
              <Purposes pledges={pledges} onAsk={(what, pledge) => setAsked({ what, pledge })} />
            ) : (
              <Notice title="No pledges yet">Write down who promised what, then record the payments.</Notice>
            )}
            <div className="pledge-foot">
              <button
                type="button"
                className="button primary"
                onClick={() => setAsked({ what: "pledge", pledge: null })}
              >
                Add a pledge
              </button>
            </div>
            {asked?.what === "pledge" && (
              <PledgeDialog
                groupId={groupId}
                pledge={asked.pledge}
                pledges={pledges}
                onClose={close}
                onDone={done}
              />
            )}
          </>
        )}
      </Loading>
      {asked?.what === "payment" && asked.pledge && (
        <PaymentDialog pledge={asked.pledge} onClose={close} onDone={done} />
      )}
      {toast}
    </>
  );
}

type PurposesProps = { pledges: Pledge[]; onAsk: (what: Asked["what"], pledge: Pledge) => void };

function Purposes({ pledges, onAsk }: PurposesProps) {
  const [chosen, setChosen] = useState("");
  const purposes = [...new Set(pledges.map(({ purpose }) => purpose))].sort();
  const purpose = purposes.includes(chosen) ? chosen : "";
  const shown = purpose ? pledges.filter((pledge) => pledge.purpose === purpose) : pledges;
  return (
    <>
      {purposes.length > 1 && (
        <SelectField
          label="Purpose"
          options={[["", "All"], ...purposes.map((one) => [one, one] as const)]}
          value={purpose}
          onChange={({ target }) => setChosen(target.value)}
        />
      )}
      <Totals pledges={shown} />
      <PledgeTable pledges={shown} showPurpose={!purpose && purposes.length > 1} onAsk={onAsk} />
    </>
  );
}
