import assert from "node:assert/strict";
import { after, beforeEach, test } from "node:test";
import { until } from "../support/wait.ts";
import { type Club, cancelEvent, openClub, updateEvent } from "./events-support.ts";

// An event for 1,500 people is told in two chunks; here the second one has not begun when the event is edited.
let club: Club;
let id: string;
let cause: string;
/** One of the first chunk, whose letter has gone out, and one of the second. */
let told: string;
let waiting: string;

beforeEach(async () => {
  await club?.[Symbol.asyncDispose]();
  club = await openClub();
  await club.rows(crowd, club.classId);
  await club.rows("select queue.pause('bulk')");
  id = (await club.createEvent()).data.createEvent.result.id;
  cause = `events:${id}:created`;
  await until(async () => (await chunks()).length === 2);
  await club.rows("select notify.tell_chunk($1, 1)", (await chunks())[0].announcement_id);
  await until(async () => (await progress()).mails_sent === 1000);
  [told, waiting] = (await chunks()).map(({ person_ids }) => person_ids[0]);
});
after(() => club[Symbol.asyncDispose]());

test("an edit: those who were told are told once of the change, the others once in the new words", async () => {
  const edit = (input: object) =>
    club.as(club.people.owner)(updateEvent, { input: { eventId: id, ...input } });
  assert.equal((await edit({ place: "Hall" })).data.updateEvent.result.revision, 1);
  assert.equal((await edit({ description: "Bring more water." })).data.updateEvent.result.revision, 1);
  assert.equal((await edit({ title: "Sports night" })).data.updateEvent.result.revision, 2);
  assert.equal((await edit({ title: "Sports night" })).data.updateEvent.result.revision, 2);
  await club.rows("select queue.resume('bulk')");
  await club.settle();
  assert.deepEqual(await club.told(told), ["Sports night", "Changed: Sports night"]);
  assert.deepEqual(await club.told(waiting), ["Sports night"]);
  assert.deepEqual((await club.mailed(told)).at(-1), "Changed: Sports night");
  assert.deepEqual(await club.mailed(waiting), ["Sports night"]);
  const changed = await club.rows("select * from notify.progress($1)", `events:${id}:changed:2`);
  assert.partialDeepStrictEqual(changed[0], { recipients: 1000, notified: 1000 });
});

test("an edit of the description alone tells nobody a second time", async () => {
  await club.as(club.people.owner)(updateEvent, { input: { eventId: id, description: "Or juice." } });
  await club.rows("select queue.resume('bulk')");
  await club.settle();
  assert.deepEqual([await club.told(told), await club.told(waiting)], [["Sports day"], ["Sports day"]]);
  const bodies = await club.rows("select distinct text ~ 'juice' as new from mail.words order by 1");
  assert.deepEqual(bodies, [{ new: false }, { new: true }]);
});

test("a cancellation: those who were told learn of it, the others of nothing at all", async () => {
  const unseen = (await chunks())[0].person_ids[1];
  await club.as(unseen)(
    'mutation { markNotificationsSeen(input: { before: "2100-01-01T00:00Z" }) { result } }',
  );
  await club.as(club.people.owner)(cancelEvent, { input: { eventId: id, reason: "Rain" } });
  await club.rows("select queue.resume('bulk')");
  await club.settle();
  assert.deepEqual(await club.told(told), ["Cancelled: Sports day"]);
  assert.deepEqual(await club.told(waiting), []);
  assert.deepEqual(await club.mailed(told), ["Sports day", "Cancelled: Sports day"]);
  assert.deepEqual(await club.mailed(waiting), []);
  assert.partialDeepStrictEqual(await progress(), { notified: 1000, withdrawn: 1000, mails_sent: 1000 });
  assert.ok((await progress()).finished_at);
});

test("a cancellation before a letter has left: it is not sent, and who has seen nothing is told nothing", async () => {
  await club.rows("select queue.pause('mail')");
  await club.rows("select queue.pause('default')");
  const second = (await club.createEvent({ title: "Dance" })).data.createEvent.result.id;
  const announcement = await club.value(
    "select id from notify.announcements where cause = $1",
    `events:${second}:created`,
  );
  await club.rows("select notify.split($1)", announcement);
  await club.rows("select notify.tell_chunk($1, 1)", announcement);
  await club.as(told)(
    'mutation { markNotificationsSeen(input: { before: "2100-01-01T00:00Z" }) { result } }',
  );
  await club.as(club.people.owner)(cancelEvent, { input: { eventId: second } });
  await club.rows("select queue.resume('default')");
  await until(async () => (await followUps()) > 0);
  await club.rows("select queue.resume(q) from unnest(array['mail', 'bulk']) q");
  await club.settle();
  const other = (await chunks())[0].person_ids[1];
  assert.deepEqual(
    (await club.told(told)).filter((title) => /Dance/.test(title)),
    ["Cancelled: Dance"],
  );
  assert.deepEqual(
    (await club.told(other)).filter((title) => /Dance/.test(title)),
    [],
  );
  assert.deepEqual(
    (await club.mailed(other)).filter((subject) => /Dance/.test(subject)),
    [],
  );
});

test("an edit before the letters have left: they go out once, in the new words", async () => {
  await club.rows("select queue.pause('mail')");
  await club.rows("select queue.pause('default')");
  const second = (await club.createEvent({ title: "Dance" })).data.createEvent.result.id;
  const announcement = await club.value(
    "select id from notify.announcements where cause = $1",
    `events:${second}:created`,
  );
  await club.rows("select notify.split($1)", announcement);
  await club.rows("select notify.tell_chunk($1, 1)", announcement);
  await club.as(club.people.owner)(updateEvent, { input: { eventId: second, title: "Ball" } });
  await club.rows("select queue.resume('default')");
  await until(async () => (await followUps()) > 0);
  await club.rows("select queue.resume(q) from unnest(array['mail', 'bulk']) q");
  await club.settle();
  await until(async () => (await club.mailed(told)).includes("Ball"));
  assert.deepEqual(
    (await club.mailed(told)).filter((subject) => /Dance|Ball/.test(subject)),
    ["Ball"],
  );
  assert.deepEqual(
    (await club.told(told)).filter((title) => /Dance|Ball/.test(title)),
    ["Ball"],
  );
});

const chunks = () =>
  club.rows(
    `select c.* from notify.chunks c join notify.announcements a on a.id = c.announcement_id
     where a.cause = $1 order by c.number`,
    cause,
  );

const progress = async () => (await club.rows("select * from notify.progress($1)", cause))[0];

const followUps = () =>
  club.value(
    "select count(*)::int from notify.announcements where follows_id is not null and split_at is not null",
  );

const crowd = `
  with made as (
    insert into app.people (name) select 'Member ' || n from generate_series(1, 1498) n returning id
  ), enrolled as (
    insert into app.memberships (group_id, person_id, role) select $1, m.id, 'student' from made m returning person_id
  )
  insert into app.email_addresses (person_id, address)
  select e.person_id, e.person_id || '@school.test' from enrolled e`;
