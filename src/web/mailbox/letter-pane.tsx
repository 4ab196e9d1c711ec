import { useCallback, useEffect, useState } from "react";
import { BackIcon } from "../parts/icons.tsx";
import { Notice } from "../parts/notice.tsx";
import { Link } from "../parts/router.tsx";
import { type Tab, Tabs } from "../parts/tabs.tsx";
import { useLoad } from "../parts/use-load.ts";
import { type Letter, loadLetter } from "./api.ts";
import { CopyCode } from "./copy-code.tsx";
import { LetterActs } from "./letter-acts.tsx";
import { LetterHeaders } from "./letter-headers.tsx";
import { LetterHtml } from "./letter-html.tsx";
import { sayFullMoment } from "./moments.ts";
import { Timeline } from "./timeline.tsx";
import { Word } from "./word.tsx";

/** `version` changes when something happens to the letter. */
export function LetterPane({ id, version }: { id: string; version: string | undefined }) {
  const load = useCallback(() => loadLetter(id), [id]);
  const { data: letter, problem, reload } = useLoad(load);
  useEffect(() => {
    if (version !== undefined) reload();
  }, [version, reload]);
  if (letter) return <OpenLetter letter={letter} onHappened={reload} />;
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

function OpenLetter({ letter, onHappened }: { letter: Letter; onHappened: () => void }) {
  const [shown, setShown] = useState(letter.html === null ? "text" : "html");
  const { subject, to, from, receivedAt, attachments, events, text, raw } = letter;
  const tabs: Tab[] = [
    { id: "html", label: "HTML", panel: <LetterHtml letter={letter} /> },
    { id: "text", label: "Text", panel: <Plain text={text ?? "This letter has no text part."} /> },
    { id: "headers", label: "Headers", panel: <LetterHeaders letter={letter} /> },
    { id: "raw", label: "Raw", panel: <Plain text={raw} /> },
    { id: "events", label: `Events ${events.length}`, panel: <Timeline events={events} /> },
  ];
  return (
    <article className="letter">
      <title>{`${subject} · Mailbox`}</title>
      <header>
        <BackToLetters />
        <h2 data-testid="letter-subject">{subject || "(no subject)"}</h2>
        <p className="letter-facts-line">
          <span>To {to.map(({ Name, Email }) => (Name ? `${Name} <${Email}>` : Email)).join(", ")}</span>
          <span>From {from}</span>
          <time dateTime={receivedAt}>{sayFullMoment(receivedAt)}</time>
          <Word happened={events.map(({ type }) => type)} />
        </p>
        {attachments.length > 0 && (
          <p className="letter-facts-line">Attached: {attachments.map(({ name }) => name).join(", ")}</p>
        )}
        <LetterActs letter={letter} onHappened={onHappened} />
        {text && <CopyCode text={text} />}
      </header>
      <Tabs label="Parts of the letter" tabs={tabs} shown={shown} onShow={setShown} />
    </article>
  );
}

function Plain({ text }: { text: string }) {
  return <pre data-testid="letter-plain">{text}</pre>;
}

function BackToLetters() {
  return (
    <Link href="/" className="icon-button back" aria-label="Back to the letters">
      <BackIcon />
    </Link>
  );
}
