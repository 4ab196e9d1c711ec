import { type KeyboardEvent, useRef } from "react";
import { Notice } from "../parts/notice.tsx";
import { Link } from "../parts/router.tsx";
import { useAct } from "../parts/use-act.ts";
import type { ListedLetter } from "./api.ts";
import { sayMoment } from "./moments.ts";
import { News } from "./news.tsx";
import type { Letters } from "./use-letters.ts";
import { Word } from "./word.tsx";

type LetterListProps = Letters & {
  selected: string | null;
  text: string;
  onText: (text: string) => void;
  stream: string;
  onStream: (stream: string) => void;
};

const STREAMS = [
  ["", "All streams"],
  ["outbound", "Transactional"],
  ["broadcast", "Broadcast"],
] as const;

export function LetterList(props: LetterListProps) {
  const { text, onText, stream, onStream } = props;
  return (
    <aside className="letter-list" aria-label="Letters">
      <header>
        <h1>Mailbox</h1>
        <p>Letters that were sent to this mailbox in Postmark's place. None has left it.</p>
        <div className="letter-filters">
          <input
            type="search"
            aria-label="Search by recipient, subject or tag"
            placeholder="Recipient, subject or tag"
            value={text}
            onChange={({ target }) => onText(target.value)}
          />
          <select
            aria-label="Message stream"
            value={stream}
            onChange={({ target }) => onStream(target.value)}
          >
            {STREAMS.map(([id, word]) => (
              <option key={id} value={id}>
                {word}
              </option>
            ))}
          </select>
        </div>
      </header>
      {props.letters && <News key={`${text} ${stream}`} letters={props.letters} />}
      <Rows {...props} />
    </aside>
  );
}

function Rows({ letters, more, problem, loadOlder, selected, text }: LetterListProps) {
  const list = useRef<HTMLUListElement>(null);
  const { busy, run } = useAct();
  if (!letters && problem) return <Notice title="No answer">{problem}</Notice>;
  if (!letters) return <Notice busy>Loading letters…</Notice>;
  if (letters.length === 0)
    return (
      <Notice title="No letters">
        {text
          ? "None to such an address, with such a subject or tag."
          : "Invite someone, or ask for a sign-in link."}
      </Notice>
    );
  return (
    <div className="letter-rows">
      <p role="status" className="letter-trouble">
        {problem}
      </p>
      <ul ref={list} onKeyDown={(event) => moveFocus(event, list.current)}>
        {letters.map((letter) => (
          <li key={letter.id}>
            <Row letter={letter} open={letter.id === selected} />
          </li>
        ))}
      </ul>
      {more && (
        <button type="button" className="button" disabled={busy} onClick={() => void run(loadOlder)}>
          Older letters
        </button>
      )}
    </div>
  );
}

function Row({ letter, open }: { letter: ListedLetter; open: boolean }) {
  const { id, to, subject, tag, receivedAt, happened, stream } = letter;
  return (
    <Link
      href={`/?letter=${id}`}
      aria-current={open ? "true" : undefined}
      data-testid="letter"
      data-message-id={id}
    >
      <span className="letter-top">
        <strong>{to.map(({ Name, Email }) => Name || Email).join(", ")}</strong>
        <time dateTime={receivedAt}>{sayMoment(receivedAt)}</time>
      </span>
      <span className="letter-line">{subject || "(no subject)"}</span>
      <span className="letter-address">{to.map(({ Email }) => Email).join(", ")}</span>
      <span className="letter-marks">
        <Word happened={happened} />
        {tag && <span className="chip">{tag}</span>}
        {stream !== "outbound" && <span className="chip">{stream}</span>}
      </span>
    </Link>
  );
}

/** The arrow keys lead from letter to letter. */
function moveFocus(event: KeyboardEvent, list: HTMLElement | null): void {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step) return;
  const links = [...(list?.querySelectorAll("a") ?? [])];
  const next = links[links.indexOf(document.activeElement as HTMLAnchorElement) + step];
  if (!next) return;
  event.preventDefault();
  next.focus();
}
