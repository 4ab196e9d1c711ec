import { useCallback, useEffect, useState } from "react";
import { Loading } from "../../parts/loading.tsx";
import { useLoad } from "../../parts/use-load.ts";
import { loadRecipients, type Recipient } from "./api.ts";
import { sayReason, TILES } from "./words.ts";

type RecipientsProps = { campaignId: string; state: string | null; count: string };

const AT_ONCE = 200;

/** The people behind the board. */
export function Recipients({ campaignId, state, count }: RecipientsProps) {
  const load = useCallback(() => loadRecipients(campaignId, state), [campaignId, state]);
  const loaded = useLoad(load);
  const { reload } = loaded;
  // biome-ignore lint/correctness/useExhaustiveDependencies: another count, another list
  useEffect(reload, [count, reload]);
  return (
    <section aria-label="Recipients" className="recipients">
      <h2>{state ? headingOf(state) : "Everybody it was for"}</h2>
      <Loading of={loaded} what="recipients">
        {(recipients) => <RecipientTable recipients={recipients} />}
      </Loading>
    </section>
  );
}

function RecipientTable({ recipients }: { recipients: Recipient[] }) {
  const [shown, setShown] = useState(AT_ONCE);
  if (recipients.length === 0) return <p className="soft">Nobody.</p>;
  return (
    <>
      <div className="table-frame">
        <table className="table">
          <thead>
            <tr>
              <th scope="col">Name</th>
              <th scope="col">What became of it</th>
            </tr>
          </thead>
          <tbody>
            {recipients.slice(0, shown).map(({ id, person, outcome, reason, missingTags }) => (
              <tr key={id} data-testid="recipient" data-outcome={outcome}>
                <th scope="row">{person?.name ?? "Former member"}</th>
                <td>
                  <span className={`chip ${TONES[outcome] ?? ""}`}>{wordOf(outcome)}</span>{" "}
                  <span className="soft small">
                    {sayReason(reason)}
                    {missingTags.length > 0 && ` (${missingTags.map((tag) => `#${tag}`).join(", ")})`}
                  </span>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {recipients.length > shown && (
        <button type="button" className="button" onClick={() => setShown(shown + AT_ONCE)}>
          Show more
        </button>
      )}
    </>
  );
}

const TONES: Record<string, string> = {
  delivered: "good",
  opened: "good",
  clicked: "good",
  accepted: "accent",
  queued: "wait",
  undecided: "wait",
  bounced: "bad",
  complained: "bad",
  failed: "bad",
};

function wordOf(outcome: string): string {
  return TILES.find(([, state]) => state === outcome)?.[2] ?? outcome;
}

function headingOf(state: string): string {
  if (state === "not-received") return "Have not received it, as far as we know";
  if (state === "not-seen") return "Have not looked at it, as far as we know";
  return wordOf(state);
}
