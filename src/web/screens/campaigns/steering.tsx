import { useState } from "react";
import { sayProblem } from "../../api/problem.ts";
import { Confirm } from "../../parts/confirm.tsx";
import { type Act, act, type State } from "./api.ts";

type SteeringProps = { campaignId: string; state: State; onDone: () => void };

/** Pause, resume, cancel: what its state allows. */
export function Steering({ campaignId, state, onDone }: SteeringProps) {
  const [problem, setProblem] = useState("");
  const [asking, setAsking] = useState(false);
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
        <button type="button" className="button primary" onClick={() => run("resumeCampaign")}>
          Resume
        </button>
      )}
      {(going || state === "paused") && (
        <button type="button" className="button danger" onClick={() => setAsking(true)}>
          Cancel…
        </button>
      )}
      {asking && (
        <Confirm
          title="Cancel the campaign?"
          action="Cancel the campaign"
          danger
          run={() => act("cancelCampaign", campaignId).then(onDone)}
          onClose={() => setAsking(false)}
        >
          <p>Nothing more goes out. Letters that the mail service has taken cannot be called back.</p>
        </Confirm>
      )}
    </>
  );
}
