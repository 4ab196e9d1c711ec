import { useState } from "react";
import type { MyGroups } from "../../api/my-groups.ts";
import { newId } from "../../api/new-id.ts";
import { sayProblem } from "../../api/problem.ts";
import { Confirm } from "../../parts/confirm.tsx";
import { Page } from "../../parts/page.tsx";
import { plural } from "../../parts/plural.ts";
import { useToast } from "../../parts/use-toast.tsx";
import { act, type Campaign } from "./api.ts";
import { sendTest } from "./draft-api.ts";
import { DraftForm } from "./draft-form.tsx";
import { ForecastPanel } from "./forecast-panel.tsx";
import { Preview } from "./preview.tsx";
import { type Saving, useDraft } from "./use-draft.ts";

type EditorProps = { campaign: Campaign; mine: MyGroups; onSent: () => void };

/** The draft on one side, what comes out of it on the other. */
export function Editor({ campaign, mine, onSent }: EditorProps) {
  const state = useDraft(campaign);
  const [asking, setAsking] = useState(false);
  const [say, toast] = useToast();
  const { saving, outlook, obstacle } = state;
  const ready = saving === "saved" && outlook !== null;
  const test = () =>
    sendTest(campaign.id, newId()).then(
      () => say("A test letter is on its way to you."),
      (error: unknown) => say(sayProblem(error)),
    );
  return (
    <Page
      title={state.draft.name || "Campaign"}
      width="whole"
      back={{ label: "Campaigns", href: "/campaigns" }}
      lead={
        <>
          <span className="chip">Draft</span> {campaign.group?.name ?? "The whole community"}
          {campaign.follows && ` · follows “${campaign.follows.name}”`} ·{" "}
          <span role="status" data-testid="saving" data-state={saving}>
            {SAVING_WORDS[saving]}
          </span>
        </>
      }
      actions={
        <>
          <button type="button" className="button" disabled={!ready} onClick={() => void test()}>
            Send a test to me
          </button>
          <button
            type="button"
            className="button primary"
            disabled={!ready || outlook?.forecast.recipients === 0}
            onClick={() => setAsking(true)}
          >
            Send…
          </button>
        </>
      }
    >
      <div className="editor">
        <DraftForm
          state={state}
          groups={mine.staffGroups}
          sender={campaign.group?.name ?? "the community"}
          follows={campaign.follows !== null}
        />
        <section className="panel outlook" aria-label="Preview">
          {obstacle && (
            <p className="callout warning" role="status" data-testid="obstacle">
              {obstacle}
            </p>
          )}
          {outlook && <ForecastPanel forecast={outlook.forecast} />}
          {outlook && <Preview samples={outlook.samples} />}
        </section>
      </div>
      {asking && outlook && (
        <Confirm
          title={`Send “${state.draft.name}”?`}
          action={`Send ${plural(outlook.forecast.recipients, "letter")}`}
          run={() => act("sendCampaign", campaign.id).then(onSent)}
          onClose={() => setAsking(false)}
        >
          <ForecastPanel forecast={outlook.forecast} />
          <p className="soft small">
            The letters are frozen as they are now: what changes later does not change them.
          </p>
        </Confirm>
      )}
      {toast}
    </Page>
  );
}

const SAVING_WORDS: Record<Saving, string> = {
  saved: "Saved",
  waiting: "…",
  saving: "Saving…",
  failed: "Not saved",
};
