import type { LetterDetails } from "../../api/letters.ts";
import { sayFullMoment } from "./moments.ts";

export function LetterFacts({ letter }: { letter: LetterDetails }) {
  const metadata = Object.entries(letter.Metadata ?? {});
  return (
    <div className="letter-facts">
      <Facts title="Headers" facts={headersOf(letter)} />
      {metadata.length > 0 && <Facts title="Metadata" facts={metadata} />}
      <section>
        <h3>Delivery events</h3>
        {!letter.MessageEvents?.length && <p>None yet.</p>}
        <ol>
          {letter.MessageEvents?.map((event) => (
            <li key={`${event.Type} ${event.ReceivedAt} ${event.Recipient}`}>
              <strong>{event.Type}</strong> {event.Recipient} <time>{sayFullMoment(event.ReceivedAt)}</time>
            </li>
          ))}
        </ol>
      </section>
    </div>
  );
}

function Facts({ title, facts }: { title: string; facts: [string, string][] }) {
  return (
    <section>
      <h3>{title}</h3>
      <dl>
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

function headersOf(letter: LetterDetails): [string, string][] {
  const to = (letter.To ?? []).map(({ Email, Name }) => (Name ? `${Name} <${Email}>` : Email)).join(", ");
  const facts: [string, string][] = [
    ["From", letter.From],
    ["To", to || letter.Recipients?.join(", ")],
    ["Subject", letter.Subject],
    ["Date", sayFullMoment(letter.ReceivedAt)],
    ["Message ID", letter.MessageID],
    ["Stream", letter.MessageStream],
    ["Tag", letter.Tag ?? ""],
    ["Status", letter.Status],
  ];
  return facts.filter(([, value]) => value);
}
