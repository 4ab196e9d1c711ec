import { useState } from "react";
import { sayProblem } from "../../api/problem.ts";
import { Confirm } from "../../parts/confirm.tsx";
import { type Act, act, resumeDespiteAlert, type State } from "./api.ts";

type SteeringProps = {
  campaignId: string;
  state: State;
  /** Why it was paused by itself. */
  stoppedBecause: string | null;
  onDone: () => void;
};

/** Pause, resume, cancel: what its state allows. */
export function Steering({ campaignId, state, stoppedBecause, onDone }: SteeringProps) {
  const [problem, setProblem] = useState("");
  const [asking, setAsking] = useState<"cancel" | "resume" | null>(null);
  const run = (what: Act) => {
    setProblem("");
    act(what, campaignId).then(onDone, (error: unknown) => {
      setProblem(sayProblem(error));
      onDone();
    });
  };
  const going = state === "preparing" || state === "sending";
  return (
    <>
      {problem && (
        <p className="field-problem" role="alert">
          {problem}
        </p>
      )}
      {going && (
        <button type="button" className="button" onClick={() => run("pauseCampaign")}>
          Pause
        </button>
      )}
      {state === "paused" && (
        <button
          type="button"
          className="button primary"
          onClick={() => (stoppedBecause ? setAsking("resume") : run("resumeCampaign"))}
        >
          {stoppedBecause ? "Resume…" : "Resume"}
        </button>
      )}
      {(going || state === "paused") && (
        <button type="button" className="button danger" onClick={() => setAsking("cancel")}>
          Cancel…
        </button>
      )}
      {asking === "resume" && (
        <Confirm
          title="Resume in spite of the alert?"
          action="Resume all the same"
          danger
          run={() => resumeDespiteAlert(campaignId).then(onDone)}
          onClose={() => setAsking(null)}
        >
          <p>
            {stoppedBecause} Each further letter to a list like this does harm to the other mail of the
            community.
          </p>
        </Confirm>
      )}
      {asking === "cancel" && (
        <Confirm
          title="Cancel the campaign?"
          action="Cancel the campaign"
          danger
          run={() => act("cancelCampaign", campaignId).then(onDone)}
          onClose={() => setAsking(null)}
        >
          <p>Nothing more goes out. Letters that the mail service has taken cannot be called back.</p>
        </Confirm>
      )}
    </>
  );
}
