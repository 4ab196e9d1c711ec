import { useCallback, useState } from "react";
import { type LetterDetails, loadLetter } from "../../api/letters.ts";
import { BackIcon } from "../../parts/icons.tsx";
import { Notice } from "../../parts/notice.tsx";
import { Link } from "../../parts/router.tsx";
import { type Tab, Tabs } from "../../parts/tabs.tsx";
import { useLoad } from "../../parts/use-load.ts";
import { LetterFacts } from "./letter-facts.tsx";
import { LetterHtml } from "./letter-html.tsx";
import { sayFullMoment } from "./moments.ts";

export function LetterPane({ id }: { id: string }) {
  const load = useCallback(() => loadLetter(id), [id]);
  const { data: letter, problem, reload } = useLoad(load);
  if (letter) return <OpenLetter letter={letter} />;
  if (!problem) return <Notice busy>Opening the letter…</Notice>;
  return (
    <>
      <BackToLetters />
      <Notice title="This letter cannot be opened" action={{ label: "Try again", run: reload }}>
        {problem}
      </Notice>
    </>
  );
}

function OpenLetter({ letter }: { letter: LetterDetails }) {
  const [shown, setShown] = useState<string>(letter.HtmlBody ? "html" : "text");
  const tabs: Tab[] = [
    { id: "html", label: "HTML", panel: <LetterHtml html={letter.HtmlBody} /> },
    { id: "text", label: "Text", panel: <pre>{letter.TextBody || "This letter has no text part."}</pre> },
    { id: "facts", label: "Headers and metadata", panel: <LetterFacts letter={letter} /> },
  ];
  return (
    <article className="letter">
      <header>
        <BackToLetters />
        <h2 data-testid="letter-subject">{letter.Subject || "(no subject)"}</h2>
        <p>
          <span>To {letter.Recipients?.join(", ")}</span>
          <span>From {letter.From}</span>
          <time dateTime={letter.ReceivedAt}>{sayFullMoment(letter.ReceivedAt)}</time>
          <span className="badge">{letter.Status}</span>
        </p>
      </header>
      <Tabs label="Parts of the letter" tabs={tabs} shown={shown} onShow={setShown} />
    </article>
  );
}

function BackToLetters() {
  return (
    <Link href="/mailbox" className="icon-button back" aria-label="Back to the letters">
      <BackIcon />
    </Link>
  );
}
