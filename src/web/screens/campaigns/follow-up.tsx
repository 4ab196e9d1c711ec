import { useState } from "react";
import { sayProblem } from "../../api/problem.ts";
import { navigate } from "../../parts/router.tsx";
import type { Board } from "./api.ts";

type FollowUpBarProps = {
  board: Board;
  onShow: (state: string) => void;
  /** Drafts a letter to them; gives its id. */
  start: (state: string) => Promise<string>;
};

/** Who has not received or not seen the letter, and a second letter to those only. */
export function FollowUpBar({ board, onShow, start }: FollowUpBarProps) {
  const [problem, setProblem] = useState("");
  const write = (state: string) =>
    start(state).then(
      (id) => navigate(`/campaigns/${id}`),
      (error: unknown) => setProblem(sayProblem(error)),
    );
  const lines = [
    { state: "not-received", people: board.notReceived, words: "have not received it, as far as we know" },
    { state: "not-seen", people: board.notSeen, words: "have not looked at it, as far as we know" },
  ].filter(({ people }) => people > 0);
  if (lines.length === 0) return null;
  return (
    <section className="panel follow-up" aria-label="Who was not reached">
      {lines.map(({ state, people, words }) => (
        <div key={state}>
          <p>
            <strong>{people.toLocaleString("en")}</strong> {words}.
          </p>
          <button type="button" className="button quiet" onClick={() => onShow(state)}>
            Who<span className="visually-hidden"> {words}</span>
          </button>
          <button type="button" className="button" onClick={() => void write(state)}>
            Write to them again<span className="visually-hidden">: those who {words}</span>
          </button>
        </div>
      ))}
      <p className="field-problem" role="alert">
        {problem}
      </p>
    </section>
  );
}
