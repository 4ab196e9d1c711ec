import { useState } from "react";
import { isPassing, sayProblem } from "../../api/problem.ts";
import { signIn } from "../../api/session.ts";
import { takeWanted } from "../../api/wanted.ts";
import { navigate } from "../../parts/router.tsx";
import { RequestLink } from "./request-link.tsx";

// Mail scanners and previews open links by themselves: only the button may use the token up, never the page's opening.
export function UseLink({ token }: { token: string }) {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState("");
  const [spent, setSpent] = useState(false);

  const enter = async () => {
    setBusy(true);
    setProblem("");
    try {
      await signIn(token);
      navigate(takeWanted(), { replace: true });
    } catch (error) {
      setProblem(sayProblem(error));
      setSpent(!isPassing(error));
      setBusy(false);
    }
  };

  if (spent) return <SpentLink problem={problem} />;
  return (
    <>
      <h1>Welcome</h1>
      <p>You opened your personal sign-in link. It works once, on this device.</p>
      <button
        type="button"
        className="button primary large"
        data-testid="sign-in-button"
        onClick={enter}
        disabled={busy}
      >
        {busy ? "Signing in…" : "Sign in"}
      </button>
      <p className="form-problem" role="alert">
        {problem}
      </p>
    </>
  );
}

function SpentLink({ problem }: { problem: string }) {
  return (
    <>
      <div className="callout warning" role="alert">
        <strong>This link no longer works.</strong>
        <p>{problem}</p>
        <p>Each link signs in once and only for a short time. Ask for a new one below.</p>
      </div>
      <RequestLink />
    </>
  );
}
