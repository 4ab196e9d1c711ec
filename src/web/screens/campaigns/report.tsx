import { useState } from "react";
import { newId } from "../../api/new-id.ts";
import { Loading } from "../../parts/loading.tsx";
import { moment } from "../../parts/moments.ts";
import { Page } from "../../parts/page.tsx";
import { Progress } from "../../parts/progress.tsx";
import { Alert } from "./alert.tsx";
import { type Board, type Campaign, followUp, type State } from "./api.ts";
import { FollowUpBar } from "./follow-up.tsx";
import { Recipients } from "./recipients.tsx";
import { Steering } from "./steering.tsx";
import { Tiles } from "./tiles.tsx";
import { useBoard } from "./use-board.ts";
import { STATES, sayReason } from "./words.ts";

/** A campaign on its way and afterwards: progress, the board, who is behind its numbers. */
export function Report({ campaign }: { campaign: Campaign }) {
  const { data, problem, reload } = useBoard(campaign.id);
  const [chosen, setChosen] = useState<string | null>(null);
  const [clientId] = useState(newId);
  const { state, sentAt, alert, alertReason } = data ?? campaign;
  return (
    <Page
      title={campaign.name}
      back={{ label: "Campaigns", href: "/campaigns" }}
      lead={
        <>
          <span
            className={`chip ${STATES[state].tone}`}
            role="status"
            data-testid="campaign-state"
            data-state={state}
          >
            {STATES[state].word}
          </span>{" "}
          {campaign.subject}
        </>
      }
      actions={
        <Steering
          campaignId={campaign.id}
          state={state}
          stoppedBecause={alert === "paused" ? alertReason : null}
          onDone={reload}
        />
      }
    >
      <Alert alert={alert} reason={alertReason} />
      <Loading of={{ data: data?.board ?? null, problem, reload }} what="the board">
        {(board) => (
          <>
            <Way board={board} state={state} sentAt={sentAt} />
            <Tiles board={board} chosen={chosen} onChoose={setChosen} />
            <LeftOut because={board.suppressedBecause} />
            {state === "sent" && (
              <FollowUpBar
                board={board}
                onShow={setChosen}
                start={(whom) => followUp(campaign.id, clientId, whom)}
              />
            )}
            <Recipients key={chosen} campaignId={campaign.id} state={chosen} count={countOf(board)} />
          </>
        )}
      </Loading>
    </Page>
  );
}

function Way({ board, state, sentAt }: { board: Board; state: State; sentAt: string | null }) {
  const letters = board.audience - board.suppressed;
  const gone = letters - board.queued - board.cancelled;
  return (
    <section className="panel" aria-label="Progress">
      <Progress label={PROGRESS_WORDS[state]} done={Math.max(0, gone)} total={letters} after=" letters" />
      {sentAt && state === "sent" && <p className="soft small">In the outbox {moment(sentAt)}</p>}
    </section>
  );
}

const PROGRESS_WORDS: Record<State, string> = {
  draft: "Not sent",
  preparing: "Freezing the letters",
  sending: "Handing over to the mail service",
  paused: "Paused: nothing more goes out",
  sent: "Handed over to the mail service",
  cancelled: "Cancelled: what had not gone out stays here",
};

function LeftOut({ because }: { because: Record<string, number> }) {
  const reasons = Object.entries(because);
  if (reasons.length === 0) return null;
  return (
    <p className="soft small left-out">
      Left out: {reasons.map(([reason, people]) => `${people} (${sayReason(reason)})`).join(", ")}.
    </p>
  );
}

/** Changes whenever the list of recipients may have changed. */
function countOf(board: Board): string {
  return JSON.stringify(board);
}
