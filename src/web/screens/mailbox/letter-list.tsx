import { type Letter, recipientName, type Stream } from "../../api/letters.ts";
import { Notice } from "../../parts/notice.tsx";
import { Link } from "../../parts/router.tsx";
import { sayMoment } from "./moments.ts";

type LetterListProps = {
  letters: Letter[] | null;
  total: number;
  problem: string;
  reload: () => void;
  selected: string | null;
  stream: Stream;
  onStream: (stream: Stream) => void;
  recipient: string;
  onRecipient: (recipient: string) => void;
};

export function LetterList(props: LetterListProps) {
  return (
    <aside className="letter-list" aria-label="Letters">
      <header>
        <h1>
          Mailbox <span className="count">{props.total}</span>
        </h1>
        <p>Every letter this development server has sent. None has left it.</p>
        <Filters {...props} />
      </header>
      <Letters {...props} />
    </aside>
  );
}

function Filters({ stream, onStream, recipient, onRecipient }: LetterListProps) {
  return (
    <div className="letter-filters">
      <input
        type="search"
        aria-label="Search by recipient"
        placeholder="Recipient"
        value={recipient}
        onChange={(event) => onRecipient(event.target.value)}
      />
      <select
        aria-label="Message stream"
        value={stream}
        onChange={(event) => onStream(event.target.value as Stream)}
      >
        <option value="outbound">Personal</option>
        <option value="broadcast">Broadcast</option>
      </select>
    </div>
  );
}

function Letters({ letters, problem, reload, selected, recipient }: LetterListProps) {
  if (!letters && problem) return <Notice action={{ label: "Try again", run: reload }}>{problem}</Notice>;
  if (!letters) return <Notice busy>Loading letters…</Notice>;
  if (letters.length === 0) {
    const why = recipient ? "No letter to this address." : "Invite someone or ask for a sign-in link.";
    return <Notice title="No letters">{why}</Notice>;
  }
  return (
    <ul>
      {letters.map((letter) => (
        <li key={letter.MessageID}>
          <LetterLink letter={letter} open={letter.MessageID === selected} />
        </li>
      ))}
    </ul>
  );
}

function LetterLink({ letter, open }: { letter: Letter; open: boolean }) {
  return (
    <Link
      href={`/mailbox?letter=${encodeURIComponent(letter.MessageID)}`}
      aria-current={open ? "true" : undefined}
      data-testid="letter"
      data-message-id={letter.MessageID}
    >
      <span className="letter-top">
        <strong>{recipientName(letter)}</strong>
        <time dateTime={letter.ReceivedAt}>{sayMoment(letter.ReceivedAt)}</time>
      </span>
      <span className="letter-line">{letter.Subject || "(no subject)"}</span>
      <span className="letter-address">{letter.Recipients?.join(", ")}</span>
    </Link>
  );
}
