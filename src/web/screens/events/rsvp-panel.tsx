import { useState } from "react";
import { sayProblem } from "../../api/problem.ts";
import type { Person } from "../../api/session.ts";
import { InputField, SelectField } from "../../parts/fields.tsx";
import { Segments } from "../../parts/segments.tsx";
import { answerEvent, type Rsvp } from "./acts-api.ts";
import type { Child, EventDetails } from "./api.ts";
import { ANSWERS } from "./event-card.tsx";

type RsvpPanelsProps = { event: EventDetails; person: Person; onAnswered: () => void };

/** One's own answer, and one for each child whom the event is for. */
export function RsvpPanels({ event, person, onAnswered }: RsvpPanelsProps) {
  const children = event.children.filter((child) => isFor(event, child));
  const given = (personId: string) => event.rsvps.nodes.find((rsvp) => rsvp.personId === personId) ?? null;
  return (
    <>
      <RsvpPanel
        key={person.id}
        question="Will you come?"
        eventId={event.id}
        personId={person.id}
        given={event.myAnswer}
        onAnswered={onAnswered}
      />
      {children.map(({ id, name }) => (
        <RsvpPanel
          key={id}
          question={`Will ${name} come?`}
          eventId={event.id}
          personId={id}
          given={given(id)}
          onAnswered={onAnswered}
        />
      ))}
    </>
  );
}

function isFor({ groupIds, roles, personIds }: EventDetails, { id, memberships }: Child): boolean {
  return (
    personIds.includes(id) ||
    memberships.nodes.some(
      ({ groupId, role }) => groupIds.includes(groupId) && (roles.length === 0 || roles.includes(role)),
    )
  );
}

type RsvpPanelProps = {
  question: string;
  eventId: string;
  personId: string;
  given: Rsvp | null;
  onAnswered: () => void;
};

const GUESTS = Array.from({ length: 21 }, (_, n) => [`${n}`, n === 0 ? "Nobody" : `${n}`] as const);

function RsvpPanel({ question, eventId, personId, given, onAnswered }: RsvpPanelProps) {
  const [comment, setComment] = useState(given?.comment ?? "");
  const [problem, setProblem] = useState("");
  const [words, setWords] = useState("");
  const save = (rsvp: Rsvp) => {
    setProblem("");
    answerEvent(eventId, personId, rsvp).then(
      () => {
        setWords("Your answer is noted.");
        onAnswered();
      },
      (error: unknown) => setProblem(sayProblem(error)),
    );
  };
  const { answer = null, guests = 0 } = given ?? {};
  return (
    <section className="panel rsvp" aria-label={question}>
      <h2>{question}</h2>
      <Segments
        label={question}
        options={ANSWERS}
        value={answer}
        onChange={(next) => save({ answer: next, guests: next === "yes" ? guests : 0, comment })}
      />
      {given && (
        <form
          className="rsvp-more"
          onSubmit={(event) => {
            event.preventDefault();
            save({ answer: given.answer, guests: given.guests, comment });
          }}
        >
          {answer === "yes" && (
            <SelectField
              label="Bringing along"
              options={GUESTS}
              value={`${guests}`}
              onChange={({ target }) => save({ answer: "yes", guests: Number(target.value), comment })}
            />
          )}
          <InputField
            label="A word to the organisers"
            maxLength={500}
            value={comment}
            onChange={({ target }) => setComment(target.value)}
          />
          {comment !== given.comment && (
            <button type="submit" className="button">
              Save
            </button>
          )}
        </form>
      )}
      <p className="soft small" role="status">
        {words}
      </p>
      <p className="field-problem" role="alert">
        {problem}
      </p>
    </section>
  );
}
