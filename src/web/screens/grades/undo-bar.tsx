import { useState } from "react";
import { sayProblem } from "../../api/problem.ts";
import { clock, countdown } from "../../parts/moments.ts";
import { plural } from "../../parts/plural.ts";
import { useNow } from "../../parts/use-now.ts";
import { type Release, undoRelease } from "./api.ts";

type UndoBarProps = { releases: Release[]; onUndone: () => void };

/** While nobody has been told yet: what was released, and the way back. */
export function UndoBars({ releases, onUndone }: UndoBarProps) {
  const undoable = releases.filter(({ undoneAt }) => !undoneAt);
  const now = useNow(
    1_000,
    undoable.some(({ tellAt }) => Date.parse(tellAt) > Date.now()),
  );
  return undoable
    .filter(({ tellAt }) => Date.parse(tellAt) > now)
    .map((release) => <UndoBar key={release.id} release={release} now={now} onUndone={onUndone} />);
}

function UndoBar({ release, now, onUndone }: { release: Release; now: number; onUndone: () => void }) {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState("");
  const undo = () => {
    setBusy(true);
    undoRelease(release.id).then(onUndone, (error: unknown) => {
      setProblem(sayProblem(error));
      setBusy(false);
    });
  };
  return (
    <section className="undo-bar" aria-label="Release that can be undone">
      <p role="status">
        <strong>{plural(release.assignmentIds.length, "assignment")} released.</strong> Students see the
        grades now and are told at {clock(release.tellAt)}.
      </p>
      <span className="undo-time" role="timer" aria-label="Time left to undo">
        {countdown(release.tellAt, now)}
      </span>
      <button type="button" className="button" disabled={busy} onClick={undo} data-testid="undo-release">
        Undo
      </button>
      <p className="field-problem" role="alert">
        {problem}
      </p>
    </section>
  );
}
