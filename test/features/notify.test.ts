import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Campus, openCampus } from "./notify-support.ts";

let campus: Campus;
before(async () => {
  campus = await openCampus();
});
after(() => campus[Symbol.asyncDispose]());

const progress = async (cause: string) => (await campus.rows("select * from notify.progress($1)", cause))[0];
const announce = (cause: string, more = "") =>
  campus.value(
    `select notify.announce($1, 'announcement', 'Hello', 'World', '/x', array[$2]::uuid[] ${more})`,
    cause,
    campus.classId,
  );

test("an announcement becomes one notification and one mail per person; the same cause again, nothing", async () => {
  const { people } = campus;
  const again = `, actor_id => '${people.tutor}'`;
  const id = await announce("test:once", again);
  assert.equal(await announce("test:once", again), id);
  await campus.settle();
  assert.partialDeepStrictEqual(await progress("test:once"), {
    recipients: 2,
    notified: 2,
    mails_sent: 2,
    mails_waiting: 0,
    skipped: 0,
  });
  const told = await campus.rows("select notify.notified_people('test:once') as id");
  assert.deepEqual(told.map(({ id }) => id).sort(), [people.owner, people.sam].sort());
});

test("own words for each person; who is named twice is told once", async () => {
  const { people } = campus;
  const each = [
    { personId: people.sam, title: "A", body: "Yours", path: "/g", about: { gradeId: "7" } },
    { personId: people.sam, title: "B", body: "Also yours", path: "/g" },
    { personId: people.owner, title: "C", body: "Theirs", path: "/g" },
  ];
  await campus.value("select notify.announce_each('test:each', 'grade', $1)", JSON.stringify(each));
  await campus.settle();
  const { data } = await campus.as(people.sam)(
    `{ inbox(category: "grade") { nodes { title body path about } } }`,
  );
  assert.deepEqual(data.inbox.nodes, [{ title: "A", body: "Yours", path: "/g", about: { gradeId: "7" } }]);
  assert.partialDeepStrictEqual(await progress("test:each"), { notified: 2, mails_sent: 2 });
});

test("withdrawn: the unread vanish, what was read stays; again changes nothing", async () => {
  const { people } = campus;
  await announce("test:back");
  await campus.settle();
  await campus.rows(
    `update notify.notifications n set read_at = now() from notify.announcements a
     where a.id = n.announcement_id and a.cause = 'test:back' and n.person_id = $1`,
    people.sam,
  );
  for (const _ of [1, 2]) await campus.rows("select notify.withdraw('test:back')");
  assert.partialDeepStrictEqual(await progress("test:back"), { notified: 3, withdrawn: 2 });
  const told = await campus.rows("select notify.notified_people('test:back') as id");
  assert.deepEqual(told, [{ id: people.sam }]);
  await campus.rows("select notify.withdraw('test:unknown')");
});

test("held back: nothing is there before its time, and nothing ever if it was withdrawn before", async () => {
  await announce("test:later", ", not_before => now() + interval '1 hour'");
  await announce("test:never", ", not_before => now() + interval '1 hour'");
  await campus.settle();
  assert.partialDeepStrictEqual(await progress("test:later"), {
    recipients: 0,
    notified: 0,
    mails_waiting: 0,
  });
  await campus.rows("select notify.withdraw('test:never')");
  await campus.skipTo("notify/split");
  assert.partialDeepStrictEqual(await progress("test:later"), { notified: 3, mails_sent: 3 });
  assert.partialDeepStrictEqual(await progress("test:never"), { notified: 0, mails_sent: 0 });
});

test("what has expired before its turn is told to nobody", async () => {
  await announce("test:stale", ", expires_at => now() - interval '1 second'");
  await campus.settle();
  assert.partialDeepStrictEqual(await progress("test:stale"), { recipients: 3, notified: 0, mails_sent: 0 });
});

test("somebody without an address, or with a bad one, is skipped with a reason and stops nobody", async () => {
  const nowhere = await campus.value("insert into app.people (name) values ('Nowhere') returning id");
  const bad = await campus.enrol("Bad");
  await campus.rows("alter table app.email_addresses drop constraint addresses_look_like_mail");
  await campus.rows("update app.email_addresses set address = 'not an address' where person_id = $1", bad);
  const each = [nowhere, bad, campus.people.sam].map((personId) => ({
    personId,
    title: "T",
    body: "B",
    path: "",
  }));
  await campus.value("select notify.announce_each('test:bad', 'event', $1)", JSON.stringify(each));
  await campus.settle();
  assert.partialDeepStrictEqual(await progress("test:bad"), { notified: 3, mails_sent: 1, skipped: 2 });
  const reasons = await campus.rows("select reason from notify.deliveries where state = 'skipped'");
  assert.deepEqual(
    new Set(reasons.map(({ reason }) => reason)),
    new Set(["no address", '"not an address" is not a mail address.']),
  );
});

test("a person who has left is told nothing and stops nobody", async () => {
  const gone = await campus.enrol("Gone");
  const each = [gone, campus.people.sam].map((personId) => ({ personId, title: "T", body: "B", path: "/" }));
  await campus.value(
    "select notify.announce_each('test:gone', 'event', $1, not_before => now() + interval '1 hour')",
    JSON.stringify(each),
  );
  await campus.rows("delete from app.people where id = $1", gone);
  await campus.skipTo("notify/split");
  assert.partialDeepStrictEqual(await progress("test:gone"), { recipients: 2, notified: 1, mails_sent: 1 });
});

test("a chunk happens once: cut off in the middle, tried twice at once, tried again", async () => {
  const id = await announce("test:chunk", ", not_before => now() + interval '1 hour'");
  await campus.rows(
    "insert into notify.chunks (announcement_id, number, person_ids) select $1, 1, array_agg(person_id) from app.memberships where group_id = $2",
    id,
    campus.classId,
  );
  const tell = "select notify.tell_chunk($1, 1)";
  const client = await campus.pool.connect();
  await client.query("begin");
  await client.query(tell, [id]);
  await client.query("rollback");
  client.release();
  assert.partialDeepStrictEqual(await progress("test:chunk"), { notified: 0, mails_waiting: 0 });
  await Promise.all([1, 2, 3].map(() => campus.rows(tell, id)));
  await campus.skipTo("notify/split");
  assert.partialDeepStrictEqual(await progress("test:chunk"), { recipients: 3, notified: 3, mails_sent: 3 });
  assert.equal(
    await campus.value(
      "select count(*)::int from mail.letters l join mail.words w on w.letter_id = l.id where w.subject = 'Hello' and l.dedupe_key in (select 'notification:' || n.id || ':1' from notify.notifications n where n.announcement_id = $1)",
      id,
    ),
    3,
  );
});

test("letters in bulk: as one by one, once per key, and a bad address is no error", async () => {
  const letter = (dedupeKey: string, recipient: string) => ({
    ...{ dedupeKey, recipient, template: "notification" },
    data: { personName: "A", title: "T", body: "B", path: "/" },
  });
  const many = [
    letter("bulk:1", "a@school.test"),
    letter("bulk:1", "a@school.test"),
    letter("bulk:2", "nobody"),
  ];
  const enqueue = () => campus.rows("select * from mail.enqueue_many($1)", JSON.stringify(many));
  const [first, second] = await enqueue();
  assert.equal(first.letter_id, (await enqueue())[0].letter_id);
  assert.partialDeepStrictEqual(second, {
    dedupe_key: "bulk:2",
    letter_id: null,
    problem: '"nobody" is not a mail address.',
  });
  const nameless = JSON.stringify([{ ...many[0], dedupeKey: "" }]);
  await assert.rejects(campus.rows("select * from mail.enqueue_many($1)", nameless), { code: "HW422" });
});
