import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, test } from "node:test";
import { type Club, cancelEvent, eventFor, inHours, openClub, rsvp, updateEvent } from "./events-support.ts";

let club: Club;
before(async () => {
  club = await openClub();
});
after(() => club[Symbol.asyncDispose]());

test("an event is told once to everybody but its maker, by inbox and mail; the same clientId makes it once", async () => {
  const { people } = club;
  const clientId = randomUUID();
  const first = await club.createEvent({ clientId, title: "Excursion" });
  const again = await club.createEvent({ clientId, title: "Excursion" });
  assert.deepEqual(first.errors, []);
  assert.equal(again.data.createEvent.result.id, first.data.createEvent.result.id);
  await club.settle();
  assert.deepEqual(await club.told(people.sam), ["Excursion"]);
  assert.deepEqual(await club.mailed(people.tutor), ["Excursion"]);
  assert.deepEqual(await club.told(people.owner), []);
  assert.deepEqual(await club.told(people.stranger), []);
  const { data } = await club.as(people.owner)(
    `{ eventProgress(eventId: "${first.data.createEvent.result.id}") { recipients notified mailsSent mailsWaiting skipped finishedAt } }`,
  );
  const { finishedAt, ...counts } = data.eventProgress;
  assert.ok(finishedAt);
  assert.deepEqual(counts, { recipients: 2, notified: 2, mailsSent: 2, mailsWaiting: 0, skipped: 0 });
});

test("who may make an event: staff, for their groups and for people of them", async () => {
  const { people, classId } = club;
  const other = await club.value("select (app.create_class('Chess', 'cleo@school.example', 'Cleo')).id");
  const byNames = { groupIds: null, personIds: [people.tutor] };
  assert.equal((await club.createEvent({}, people.tutor)).errors.length, 0);
  assert.equal((await club.createEvent({}, people.sam)).errors[0]?.extensions.code, "HW403");
  assert.equal(
    (await club.createEvent({ ...byNames, personIds: [people.sam] }, people.tutor)).errors.length,
    0,
  );
  assert.equal((await club.createEvent(byNames, people.sam)).errors[0]?.extensions.code, "HW403");
  assert.deepEqual((await club.createEvent(byNames, people.stranger)).errors[0]?.extensions, {
    code: "HW404",
    field: "personIds",
  });
  assert.deepEqual((await club.createEvent({ groupIds: [classId, other] })).errors[0]?.extensions, {
    code: "HW404",
    field: "groupIds",
  });
  assert.equal(
    (await club.createEvent({ ...byNames, urgent: true }, people.sam)).errors[0]?.extensions.code,
    "HW403",
  );
  assert.equal((await club.createEvent({ urgent: true })).errors.length, 0);
  const anonymous = await club.as(undefined)(
    `mutation { createEvent(input: { title: "x", startsAt: "${inHours(5)}", clientId: "${randomUUID()}", groupIds: ["${classId}"] }) { result { id } } }`,
  );
  assert.equal(anonymous.errors[0]?.extensions.code, "HW401");
});

const bad: [string, object, string][] = [
  ["an empty title", { title: "  " }, "title"],
  ["a long title", { title: "x".repeat(201) }, "title"],
  ["a long description", { description: "x".repeat(5001) }, "description"],
  ["a long place", { place: "x".repeat(201) }, "place"],
  ["a beginning in the past", { startsAt: inHours(-1) }, "startsAt"],
  ["a beginning in a hundred years", { startsAt: inHours(24 * 36_500), endsAt: null }, "startsAt"],
  ["an end before its beginning", { endsAt: inHours(1) }, "endsAt"],
  ["an unknown time zone", { timeZone: "Mars/Base" }, "timeZone"],
  ["no audience", { groupIds: [] }, "groupIds"],
  ["too many groups", { groupIds: Array.from({ length: 101 }, () => randomUUID()) }, "groupIds"],
  ["too many people", { personIds: Array.from({ length: 1001 }, () => randomUUID()) }, "personIds"],
  ["an unknown group", { groupIds: [randomUUID()] }, "groupIds"],
  ["an empty group id", { groupIds: [null] }, "groupIds"],
  ["an unknown person", { personIds: [randomUUID()] }, "personIds"],
  ["an unknown role", { roles: ["king"] }, "roles"],
  ["no capacity", { capacity: 0 }, "capacity"],
  ["a reminder a year before", { remindMinutesBefore: 525_600 }, "remindMinutesBefore"],
];
for (const [what, input, field] of bad)
  test(`createEvent refuses ${what} and makes nothing`, async () => {
    const count = () => club.value("select count(*)::int from events.events");
    const before = await count();
    const { errors } = await club.createEvent(input);
    assert.equal(errors[0]?.extensions.field, field);
    assert.match(String(errors[0]?.extensions.code), /HW4(22|04)/);
    assert.equal(await count(), before);
  });

test("a class named twice is invited once", async () => {
  const { classId, people } = club;
  const { data } = await club.createEvent({
    groupIds: [classId, classId],
    personIds: [people.sam, people.sam],
  });
  await club.settle();
  const progress = await club.rows(
    "select * from notify.progress($1)",
    `events:${data.createEvent.result.id}:created`,
  );
  assert.partialDeepStrictEqual(progress[0], { recipients: 2, notified: 2 });
});

test("updateEvent and cancelEvent are for organisers; wrong input changes nothing", async () => {
  const { people } = club;
  const { id } = (await club.createEvent()).data.createEvent.result;
  const codes = async (person: string, query: string, input: object) => {
    const { errors } = await club.as(person)(query, { input: { eventId: id, ...input } });
    return [errors[0]?.extensions.code, errors[0]?.extensions.field];
  };
  assert.deepEqual(await codes(people.sam, updateEvent, { place: "Hall" }), ["HW403", undefined]);
  assert.deepEqual(await codes(people.stranger, updateEvent, { place: "Hall" }), ["HW404", "eventId"]);
  assert.deepEqual(await codes(people.owner, updateEvent, { title: " " }), ["HW422", "title"]);
  assert.deepEqual(await codes(people.owner, updateEvent, { place: "x".repeat(201) }), ["HW422", "place"]);
  assert.deepEqual(await codes(people.owner, updateEvent, { endsAt: inHours(2) }), ["HW422", "endsAt"]);
  assert.deepEqual(await codes(people.owner, updateEvent, { capacity: -1 }), ["HW422", "capacity"]);
  assert.deepEqual(await codes(people.sam, cancelEvent, {}), ["HW403", undefined]);
  assert.deepEqual(await codes(people.stranger, cancelEvent, {}), ["HW404", "eventId"]);
  assert.deepEqual(await codes(people.owner, cancelEvent, { reason: "x".repeat(1001) }), ["HW422", "reason"]);
  assert.deepEqual(await codes(people.owner, cancelEvent, { eventId: randomUUID() }), ["HW404", "eventId"]);
  const [row] = await club.rows(
    "select title, place, revision, cancelled_at from events.events where id = $1",
    id,
  );
  assert.deepEqual(row, { title: "Sports day", place: "Field", revision: 0, cancelled_at: null });
  assert.deepEqual(await codes(people.tutor, updateEvent, { place: "Hall" }), [undefined, undefined]);
  assert.deepEqual(await codes(people.owner, cancelEvent, {}), [undefined, undefined]);
  assert.deepEqual(await codes(people.owner, cancelEvent, {}), [undefined, undefined]);
  assert.deepEqual(await codes(people.owner, updateEvent, { place: "Hut" }), ["HW409", undefined]);
});

test("roles: parents are told and their guardianship counts, other roles see nothing", async () => {
  const father = await club.enrol("Father");
  const { people } = club;
  await club.rows(
    "insert into app.guardianships (guardian_id, child_id) values ($1, $2)",
    father,
    people.sam,
  );
  const { id } = (await club.createEvent({ title: "Parents' evening", roles: ["parent"] })).data.createEvent
    .result;
  await club.settle();
  assert.ok((await club.told(father)).includes("Parents' evening"));
  assert.ok(!(await club.told(people.sam)).includes("Parents' evening"));
  const seen = async (person: string) =>
    (await club.as(person)(`{ event(id: "${id}") { id } }`)).data.event?.id;
  assert.deepEqual(
    [await seen(father), await seen(people.tutor), await seen(people.sam)],
    [id, id, undefined],
  );
});

test("a reminder goes to those who did not say no, moves with the event, and not at all when it is off", async () => {
  const { people } = club;
  const { id } = (await club.createEvent({ title: "Concert" })).data.createEvent.result;
  await club.as(people.tutor)(rsvp, { input: { eventId: id, answer: "no" } });
  const jobs = () =>
    club.value(
      "select count(*)::int from graphile_worker._private_jobs where payload -> 'data' ->> 'eventId' = $1",
      id,
    );
  assert.equal(await jobs(), 1);
  await club.as(people.owner)(updateEvent, { input: { eventId: id, startsAt: inHours(72) } });
  assert.equal(await jobs(), 2);
  await club.skipTo("events/remind");
  const soon = async (person: string) =>
    (await club.told(person)).filter((title) => title === "Soon: Concert").length;
  assert.deepEqual([await soon(people.sam), await soon(people.tutor)], [1, 0]);

  const cancelled = (await club.createEvent({ title: "Play" })).data.createEvent.result;
  await club.as(people.owner)(cancelEvent, { input: { eventId: cancelled.id } });
  await club.skipTo("events/remind");
  assert.ok(!(await club.told(people.sam)).includes("Soon: Play"));
  const near = (await club.createEvent({ title: "Now", startsAt: inHours(2), endsAt: null })).data.createEvent
    .result;
  assert.equal(
    await club.value(
      "select count(*)::int from graphile_worker._private_jobs where payload -> 'data' ->> 'eventId' = $1",
      near.id,
    ),
    0,
  );
});

test("the event of a class is hidden from strangers in every list", async () => {
  const { people, classId } = club;
  const titles = async (person: string) =>
    (await club.as(person)("{ events { totalCount } }")).data.events.totalCount;
  assert.equal(await titles(people.stranger), 0);
  assert.ok((await titles(people.sam)) > 5);
  assert.equal(eventFor(classId).groupIds[0], classId);
});

test("what the product adds to an event is said in the community's language", async (context) => {
  const { people } = club;
  await club.value("update app.community set locale = 'id' returning 1");
  context.after(() => club.value("update app.community set locale = 'en' returning 1"));
  const event = {
    title: "Pentas seni",
    place: "Aula",
    startsAt: "2027-03-01T18:00:00Z",
    endsAt: "2027-03-01T20:30:00Z",
  };
  const { id } = (await club.createEvent(event)).data.createEvent.result;
  await club.as(people.owner)(cancelEvent, { input: { eventId: id } });
  await club.settle();
  const said = (cause: string) =>
    club.value(
      "select title || ': ' || body from notify.announcements where cause like $1",
      `%${id}%${cause}`,
    );
  assert.match(
    await said("created"),
    /^Pentas seni: Waktu: Senin, 1 Maret 2027, \d\d:00–\d\d:30 \(.+\)\nTempat: Aula/,
  );
  assert.match(await said("cancelled"), /^Dibatalkan: Pentas seni: /);
});
