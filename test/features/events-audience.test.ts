import assert from "node:assert/strict";
import { after, beforeEach, test } from "node:test";
import { until } from "../support/wait.ts";
import { type Club, cancelEvent, openClub, updateEvent } from "./events-support.ts";

// An event for a class is edited so that it is for other people.
let club: Club;
let id: string;
let other: string;
let newcomer: string;

beforeEach(async () => {
  await club?.[Symbol.asyncDispose]();
  club = await openClub();
  other = await club.value("select (app.create_class('Chess', 'ada@school.example', 'Ada')).id");
  newcomer = await club.enrol("Newcomer");
  await club.rows(
    "insert into app.memberships (group_id, person_id, role) values ($1, $2, 'student')",
    other,
    newcomer,
  );
  id = (await club.createEvent()).data.createEvent.result.id;
  await club.settle();
});
after(() => club[Symbol.asyncDispose]());

test("who is new in the audience is invited, from who has left it the invitation is taken back", async () => {
  const { sam, tutor } = club.people;
  assert.deepEqual(await club.told(sam), ["Sports day"]);
  assert.deepEqual((await edit({ groupIds: [other], personIds: [tutor] })).errors, []);
  await club.settle();
  assert.deepEqual([await club.told(sam), await club.told(newcomer)], [[], ["Sports day"]]);
  assert.deepEqual([await club.told(tutor), await club.mailed(tutor)], [["Sports day"], ["Sports day"]]);
  assert.deepEqual(await club.mailed(newcomer), ["Sports day"]);
  assert.deepEqual((await club.as(sam)(mine)).data.events.nodes, []);
  assert.deepEqual((await club.as(newcomer)(mine)).data.events.nodes, [{ title: "Sports day" }]);
});

test("who comes back has the invitation back, and no second mail", async () => {
  const { sam } = club.people;
  for (const groupIds of [[other], [other, club.classId]]) {
    await edit({ groupIds });
    await club.settle();
  }
  assert.deepEqual([await club.told(sam), await club.mailed(sam)], [["Sports day"], ["Sports day"]]);
  assert.deepEqual(
    [await club.told(newcomer), await club.mailed(newcomer)],
    [["Sports day"], ["Sports day"]],
  );
});

test("who comes back before the mail had gone out gets it then", async () => {
  const { sam } = club.people;
  await club.rows("select queue.pause('mail')");
  const second = (await club.createEvent({ title: "Dance" })).data.createEvent.result.id;
  const progress = async () =>
    (await club.as(club.people.owner)(progressOf, { id: second })).data.eventProgress.mailsWaiting;
  await until(async () => (await progress()) === 2);
  await edit({ eventId: second, groupIds: [other] });
  await until(async () => (await club.told(newcomer)).includes("Dance"));
  assert.deepEqual(await club.told(sam), ["Sports day"]);
  await edit({ eventId: second, groupIds: [club.classId] });
  await until(async () => (await club.told(sam)).includes("Dance"));
  await club.rows("select queue.resume('mail')");
  await club.settle();
  assert.deepEqual(await club.mailed(sam), ["Sports day", "Dance"]);
  assert.deepEqual(await club.mailed(newcomer), []);
});

test("another place at the same time: who stays is told once, who has left hears nothing", async () => {
  const { sam, tutor } = club.people;
  for (const person of [sam, tutor])
    await club.as(person)(
      'mutation { markNotificationsSeen(input: { before: "2100-01-01T00:00Z" }) { result } }',
    );
  await edit({ place: "Hall", groupIds: [other], personIds: [tutor] });
  await club.settle();
  assert.deepEqual(await club.told(tutor), ["Sports day", "Changed: Sports day"]);
  assert.deepEqual(await club.told(sam), []);
  assert.deepEqual(await club.told(newcomer), ["Sports day"]);
  await club.rows("select queue.pause('default')"); // it is cancelled before the job takes the invitation back
  await edit({ groupIds: [other], personIds: [] });
  await club.as(club.people.owner)(cancelEvent, { input: { eventId: id } });
  await club.rows("select queue.resume('default')");
  await club.settle();
  assert.deepEqual(await club.told(tutor), []);
  assert.deepEqual(await club.mailed(newcomer), ["Sports day", "Cancelled: Sports day"]);
});

test("while 1,500 are being told: the second chunk tells nobody who has left, and those who are new are told", async () => {
  await club.rows(crowd, club.classId);
  await club.rows("select queue.pause('bulk')");
  const second = (await club.createEvent({ title: "Dance" })).data.createEvent.result.id;
  await until(async () => (await chunks(second)).length === 2);
  const before = await chunks(second);
  await club.rows("select notify.tell_chunk($1, 1)", before[0].announcement_id);
  const [toldFirst, notYet] = before.map(({ person_ids }) => person_ids[0]);
  await edit({ eventId: second, groupIds: [other], personIds: [notYet] });
  await until(async () => (await club.told(newcomer)).includes("Dance"));
  await club.rows("select queue.resume('bulk')");
  await club.settle();
  const dance = async (person: string) =>
    (await club.told(person)).filter((title) => title === "Dance").length;
  assert.deepEqual(await Promise.all([toldFirst, notYet, newcomer].map(dance)), [0, 1, 1]);
  const told = "select count(*)::int from notify.notified_people($1)";
  assert.equal(await club.value(told, `events:${second}:created`), 2);
});

test("only whom the organiser may invite is added; who is there may stay", async () => {
  const foreign = await club.value("select (app.create_class('Far', 'far@school.example', 'Far')).id");
  const refused = async (by: string, input: object) => {
    const [error] = (await edit(input, by)).errors;
    return [error?.extensions.code, error?.extensions.field];
  };
  assert.deepEqual(await refused(club.people.owner, { groupIds: [foreign] }), ["HW404", "groupIds"]);
  assert.deepEqual(await refused(club.people.owner, { groupIds: [] }), ["HW422", "groupIds"]);
  assert.deepEqual(await refused(club.people.tutor, { groupIds: [club.classId, other] }), [
    "HW404",
    "groupIds",
  ]);
  assert.deepEqual(await refused(club.people.sam, { personIds: [club.people.sam] }), ["HW403", undefined]);
  assert.deepEqual(await refused(club.people.owner, { groupIds: [club.classId, other] }), [
    undefined,
    undefined,
  ]);
  await club.settle();
  assert.deepEqual(await club.told(newcomer), ["Sports day"]);
});

test("clear takes the end away; what cannot be cleared is refused", async () => {
  const bad = await edit({ clear: ["title"] });
  assert.deepEqual([bad.errors[0]?.extensions.code, bad.errors[0]?.extensions.field], ["HW422", "clear"]);
  const { data } = await edit({ clear: ["endsAt"], capacity: 30 });
  assert.partialDeepStrictEqual(data.updateEvent.result, { endsAt: null, capacity: 30, title: "Sports day" });
  assert.equal((await edit({ clear: ["capacity"] })).data.updateEvent.result.capacity, null);
});

const edit = (input: object, by = club.people.owner) =>
  club.as(by)(updateEvent, { input: { eventId: id, ...input } });

const chunks = (eventId: string) =>
  club.rows(
    `select c.* from notify.chunks c join notify.announcements a on a.id = c.announcement_id
     where a.cause = $1 order by c.number`,
    `events:${eventId}:created`,
  );

const mine = "{ events(first: 1) { nodes { title } } }";
const progressOf = "query ($id: UUID!) { eventProgress(eventId: $id) { mailsWaiting } }";

const crowd = `
  with made as (
    insert into app.people (name) select 'Member ' || n from generate_series(1, 1498) n returning id
  )
  insert into app.memberships (group_id, person_id, role) select $1, m.id, 'student' from made m`;
