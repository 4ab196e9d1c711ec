import { type ReactNode, useState } from "react";
import { sayProblem } from "../api/problem.ts";
import { Dialog } from "./dialog.tsx";

type ConfirmProps = {
  title: string;
  children: ReactNode;
  action: string;
  danger?: boolean;
  run: () => Promise<unknown>;
  onClose: () => void;
};

/** Asks before something that others will notice; closes itself when it is done. */
export function Confirm({ title, children, action, danger = false, run, onClose }: ConfirmProps) {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState("");
  const go = () => {
    setBusy(true);
    run().then(onClose, (error: unknown) => {
      setProblem(sayProblem(error));
      setBusy(false);
    });
  };
  return (
    <Dialog title={title} onClose={onClose}>
      {children}
      <div className="form-foot">
        <p className="form-problem" role="alert">
          {problem}
        </p>
        <button type="button" className="button" onClick={onClose}>
          Not now
        </button>
        <button
          type="button"
          className={`button ${danger ? "danger" : "primary"}`}
          disabled={busy}
          onClick={go}
        >
          {action}
        </button>
      </div>
    </Dialog>
  );
}
