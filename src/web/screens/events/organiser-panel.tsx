import { useCallback, useEffect } from "react";
import { Loading } from "../../parts/loading.tsx";
import { Telling } from "../../parts/telling.tsx";
import { useLoad } from "../../parts/use-load.ts";
import type { Counts, EventDetails, GivenAnswer } from "./api.ts";
import { loadAnswers, loadUnanswered } from "./api.ts";

const LOOK_AGAIN_MS = 1_500;
const LOOK_AGAIN_LATER_MS = 15_000;

/** How many come; for who organises it also who, who has not answered, and how far the telling is. */
export function OrganiserPanel({ event, reload }: { event: EventDetails; reload: () => void }) {
  const { telling, cancelledAt } = event;
  const going = telling !== null && !telling.finishedAt && !cancelledAt;
  useEffect(() => {
    if (!telling) return;
    const timer = setInterval(reload, going ? LOOK_AGAIN_MS : LOOK_AGAIN_LATER_MS);
    return () => clearInterval(timer);
  }, [telling, going, reload]);
  return (
    <aside className="event-side" aria-label="Answers">
      <section className="panel">
        <h2>Who comes</h2>
        <AnswerBar counts={event.answers} capacity={event.capacity} />
      </section>
      {telling && (
        <>
          <section className="panel" aria-label="Invitations">
            <h2>Invitations</h2>
            <Telling {...telling} />
          </section>
          <Names event={event} />
        </>
      )}
    </aside>
  );
}

function AnswerBar({
  counts: { yes, maybe, no, guests },
  capacity,
}: {
  counts: Counts;
  capacity: number | null;
}) {
  const parts = [
    { id: "yes", count: yes + guests, words: guests > 0 ? `come, ${guests} of them guests` : "come" },
    { id: "maybe", count: maybe, words: "maybe" },
    { id: "no", count: no, words: "do not come" },
  ];
  const total = parts.reduce((sum, { count }) => sum + count, 0);
  return (
    <>
      <div className="answer-bar" aria-hidden="true">
        {parts.map(({ id, count }) => count > 0 && <i key={id} className={id} style={{ flexGrow: count }} />)}
        {total === 0 && <i style={{ flexGrow: 1 }} />}
      </div>
      <ul className="answer-counts">
        {parts.map(({ id, count, words }) => (
          <li key={id} className={id} data-testid={`count-${id}`}>
            <strong>{count}</strong> {words}
          </li>
        ))}
      </ul>
      {capacity !== null && (
        <p className="soft small">
          {Math.max(0, capacity - yes - guests)} of {capacity} places left
        </p>
      )}
    </>
  );
}

/** Loaded anew whenever the counts are others. */
function Names({ event }: { event: EventDetails }) {
  const { id } = event;
  const load = useCallback(async () => {
    const [answers, unanswered] = await Promise.all([loadAnswers(id), loadUnanswered(id)]);
    return { answers, unanswered };
  }, [id]);
  const loaded = useLoad(load);
  const { reload } = loaded;
  const counts = JSON.stringify([event.answers, event.telling?.recipients]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: other counts, other names
  useEffect(reload, [counts, reload]);
  return (
    <Loading of={loaded} what="the answers">
      {({ answers, unanswered }) => (
        <section className="panel names" aria-label="Names">
          <NameList title="Come" answers={answers.filter(({ answer }) => answer === "yes")} />
          <NameList title="Maybe" answers={answers.filter(({ answer }) => answer === "maybe")} />
          <NameList title="Do not come" answers={answers.filter(({ answer }) => answer === "no")} />
          <details data-testid="unanswered">
            <summary>Have not answered ({unanswered.count})</summary>
            <p>{unanswered.names.join(", ")}</p>
          </details>
        </section>
      )}
    </Loading>
  );
}

function NameList({ title, answers }: { title: string; answers: GivenAnswer[] }) {
  if (answers.length === 0) return null;
  return (
    <details open={answers.length < 30}>
      <summary>
        {title} ({answers.length})
      </summary>
      <ul>
        {answers.map(({ id, person, guests, comment }) => (
          <li key={id}>
            {person?.name ?? "Former member"}
            {guests > 0 && <span className="soft"> +{guests}</span>}
            {comment && <span className="soft"> “{comment}”</span>}
          </li>
        ))}
      </ul>
    </details>
  );
}
