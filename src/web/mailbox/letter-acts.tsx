import { useState } from "react";
import { Menu } from "../parts/menu.tsx";
import { useAct } from "../parts/use-act.ts";
import { happen, type Letter, type Unsubscribed, unsubscribe } from "./api.ts";

const BOUNCES = [
  ["HardBounce", "Hard: there is no such address"],
  ["SoftBounce", "Soft: the mailbox is full"],
  ["Blocked", "Blocked by the receiving server"],
  ["Transient", "Delayed for a while"],
] as const;

/** What a reader, or the reader's mail server, can do with a letter; the sender hears of it by webhooks. */
export function LetterActs({ letter, onHappened }: { letter: Letter; onHappened: () => void }) {
  const [recipient, setRecipient] = useState(letter.recipients[0] ?? "");
  const [outcome, setOutcome] = useState("");
  const { busy, problem, run } = useAct();
  if (!recipient) return <p className="letter-facts-line">All its recipients were suppressed.</p>;
  const act = (work: () => Promise<string>) => {
    setOutcome("");
    void run(async () => {
      setOutcome(await work());
      onHappened();
    });
  };
  return (
    <div className="letter-acts">
      {letter.recipients.length > 1 && (
        <select
          aria-label="At which recipient"
          value={recipient}
          onChange={({ target }) => setRecipient(target.value)}
        >
          {letter.recipients.map((each) => (
            <option key={each}>{each}</option>
          ))}
        </select>
      )}
      <Menu
        label="Bounce"
        className="button small"
        items={BOUNCES.map(([type, label]) => ({
          label,
          run: () =>
            act(async () => {
              await happen("bounce", letter, recipient, type);
              return "It bounced.";
            }),
        }))}
      >
        Bounce…
      </Menu>
      <button
        type="button"
        className="button small"
        disabled={busy}
        onClick={() =>
          act(async () => {
            await happen("complaint", letter, recipient);
            return "Marked as spam.";
          })
        }
      >
        Mark as spam
      </button>
      <button
        type="button"
        className="button small"
        disabled={busy}
        onClick={() => act(async () => sayUnsubscribed(await unsubscribe(letter, recipient)))}
      >
        Unsubscribe
      </button>
      <p role="status">{outcome}</p>
      <p role="alert" className="form-problem">
        {problem}
      </p>
    </div>
  );
}

function sayUnsubscribed({ by, answer }: Unsubscribed): string {
  if (by === "none") return "This letter offers no unsubscribing by one click.";
  if (by === "service") return "Postmark suppresses the address on this stream.";
  const went = typeof answer === "number" && answer >= 200 && answer < 300;
  return went ? `Unsubscribed: the sender answered ${answer}.` : `The sender did not take it: ${answer}.`;
}
