import { Link } from "../../parts/router.tsx";
import type { Answer, EventRow } from "./api.ts";
import { sayWhen } from "./times.ts";

export function EventCard({ event }: { event: EventRow }) {
  const { id, title, place, startsAt, endsAt, cancelledAt, answers, myAnswer } = event;
  return (
    <li>
      <Link href={`/events/${id}`} className="event-card" data-testid="event">
        <DateLeaf at={startsAt} />
        <span className="event-names">
          <strong className={cancelledAt ? "struck" : undefined}>{title}</strong>
          <span className="soft">
            {sayWhen(startsAt, endsAt)}
            {place && ` · ${place}`}
          </span>
          <span className="soft small">
            {answers.yes + answers.guests} coming{answers.maybe > 0 && `, ${answers.maybe} maybe`}
          </span>
        </span>
        {cancelledAt ? <span className="chip bad">Cancelled</span> : <AnswerChip answer={myAnswer?.answer} />}
      </Link>
    </li>
  );
}

export const ANSWERS = [
  ["yes", "Yes"],
  ["maybe", "Maybe"],
  ["no", "No"],
] as const;

const CHIPS: Record<Answer, [tone: string, words: string]> = {
  yes: ["good", "✓ You come"],
  maybe: ["wait", "? Maybe"],
  no: ["", "✗ You do not come"],
};

function AnswerChip({ answer }: { answer: Answer | undefined }) {
  const [tone, words] = answer ? CHIPS[answer] : ["accent", "Not answered"];
  return <span className={`chip ${tone}`}>{words}</span>;
}

/** A leaf of a calendar. Decoration: the date stands beside it in words. */
export function DateLeaf({ at }: { at: string }) {
  const day = new Date(at);
  return (
    <span className="date-leaf" aria-hidden="true">
      <span>{day.toLocaleDateString("en", { month: "short" })}</span>
      <b>{day.getDate()}</b>
      <span>{day.toLocaleDateString("en", { weekday: "short" })}</span>
    </span>
  );
}
