import { useCallback } from "react";
import { LetterFrame } from "../parts/letter-frame.tsx";
import { Notice } from "../parts/notice.tsx";
import { useLoad } from "../parts/use-load.ts";
import { type Letter, loadReceivedHtml } from "./api.ts";

/** The letter as it reached its reader: with the pixel and the links that Postmark put in, which tell of opening and clicking. */
export function LetterHtml({ letter }: { letter: Letter }) {
  const { id, recipients, html } = letter;
  const recipient = recipients[0];
  const load = useCallback(
    async () => (recipient ? await loadReceivedHtml(id, recipient) : null) ?? html,
    [id, recipient, html],
  );
  const { data, problem } = useLoad(load);
  if (html === null) return <p className="letter-empty">This letter has no HTML part.</p>;
  if (data !== null) return <LetterFrame html={data} />;
  return <Notice busy={problem === ""}>{problem || "Opening the letter…"}</Notice>;
}
