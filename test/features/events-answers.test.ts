import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, test } from "node:test";
import { type Club, openClub, rsvp, updateEvent } from "./events-support.ts";

let club: Club;
before(async () => {
  club = await openClub();
});
after(() => club[Symbol.asyncDispose]());

test("answers: changed, counted, limited by the places, seen by organisers and oneself", async () => {
  const { people } = club;
  const { id } = (await club.createEvent({ capacity: 3 })).data.createEvent.result;
  const answer = (person: string, input: object) =>
    club.as(person)(rsvp, { input: { eventId: id, ...input } });
  assert.deepEqual((await answer(people.sam, { answer: "yes", guests: 3 })).errors[0]?.extensions, {
    code: "HW409",
    field: "guests",
  });
  assert.equal(
    (await answer(people.sam, { answer: "yes", guests: 2, comment: " With grandma " })).data.rsvp.result
      .comment,
    "With grandma",
  );
  assert.equal((await answer(people.tutor, { answer: "yes" })).errors[0]?.extensions.code, "HW409");
  assert.equal((await answer(people.tutor, { answer: "maybe" })).errors.length, 0);
  assert.equal((await answer(people.sam, { answer: "yes", guests: 1 })).errors.length, 0);
  assert.equal((await answer(people.tutor, { answer: "yes" })).errors.length, 0);
  const query = `{ event(id: "${id}") { answers { yes maybe no guests } myAnswer { answer guests } rsvps { totalCount } unanswered { nodes { name } } } }`;
  const seen = async (person: string) => (await club.as(person)(query)).data.event;
  assert.deepEqual(await seen(people.owner), {
    answers: { yes: 2, maybe: 0, no: 0, guests: 1 },
    myAnswer: null,
    rsvps: { totalCount: 2 },
    unanswered: { nodes: [] },
  });
  assert.partialDeepStrictEqual(await seen(people.sam), {
    myAnswer: { answer: "yes", guests: 1 },
    rsvps: { totalCount: 1 },
    unanswered: { nodes: [] },
  });
  assert.equal(await seen(people.stranger), null);
  const lower = await club.as(people.owner)(updateEvent, { input: { eventId: id, capacity: 2 } });
  assert.deepEqual(lower.errors[0]?.extensions, { code: "HW409", field: "capacity" });
});

test("an answer that is none is refused, and so is one for others or of strangers", async () => {
  const { people } = club;
  const { id } = (await club.createEvent()).data.createEvent.result;
  const fault = async (person: string | undefined, input: object) => {
    const { errors } = await club.as(person)(rsvp, { input: { eventId: id, answer: "yes", ...input } });
    return [errors[0]?.extensions.code, errors[0]?.extensions.field];
  };
  assert.deepEqual(await fault(people.sam, { answer: "perhaps" }), ["HW422", "answer"]);
  assert.deepEqual(await fault(people.sam, { guests: 21 }), ["HW422", "guests"]);
  assert.deepEqual(await fault(people.sam, { guests: -1 }), ["HW422", "guests"]);
  assert.deepEqual(await fault(people.sam, { comment: "x".repeat(501) }), ["HW422", "comment"]);
  assert.deepEqual(await fault(people.sam, { eventId: randomUUID() }), ["HW404", "eventId"]);
  assert.deepEqual(await fault(people.sam, { personId: people.tutor }), ["HW404", "personId"]);
  assert.deepEqual(await fault(people.stranger, {}), ["HW404", "eventId"]);
  assert.equal((await fault(undefined, {}))[0], "HW401");
  assert.equal(await club.value("select count(*)::int from events.rsvps where event_id = $1", id), 0);
});

test("a guardian sees the event of the child and answers for it; others do not", async () => {
  const mother = await club.enrol("Mother");
  const { people } = club;
  await club.rows(
    "insert into app.guardianships (guardian_id, child_id) values ($1, $2)",
    mother,
    people.sam,
  );
  const { id } = (await club.createEvent({ roles: ["student"] })).data.createEvent.result;
  const forSam = { input: { eventId: id, answer: "no", personId: people.sam } };
  const { data } = await club.as(mother)(rsvp, forSam);
  assert.partialDeepStrictEqual(data.rsvp.result, { answer: "no", personId: people.sam, answeredBy: mother });
  assert.equal((await club.as(people.stranger)(rsvp, forSam)).errors[0]?.extensions.code, "HW404");
  assert.equal((await club.as(mother)(`{ event(id: "${id}") { title } }`)).data.event.title, "Sports day");
});
