import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { type Campus, openCampus } from "./notify-support.ts";

let campus: Campus;
let sam: string;
before(async () => {
  campus = await openCampus();
});
beforeEach(async () => {
  sam = await campus.enrol("Sam");
});
after(() => campus[Symbol.asyncDispose]());

let causes = 0;
async function tell(title = "News", more = ""): Promise<string> {
  const cause = `digest:${++causes}`;
  await campus.value(
    `select notify.announce($1, 'announcement', $2, 'The news', '/x', person_ids => array[$3]::uuid[] ${more})`,
    cause,
    title,
    sam,
  );
  await campus.settle();
  return cause;
}

const prefer = (frequency: string) =>
  campus.rows("select notify.prefer($1, 'announcement', 'mail', $2)", sam, frequency);
const letters = () =>
  campus.rows(
    `select l.template, w.subject, w.text, l.state from mail.letters l join mail.words w on w.letter_id = l.id
     join app.email_addresses e on e.address = l.recipient where e.person_id = $1 order by l.position`,
    sam,
  );
const delivery = async (cause: string) =>
  (
    await campus.rows(
      `select d.state, d.reason, d.frequency, d.due_at from notify.deliveries d
       join notify.notifications n on n.id = d.notification_id
       join notify.announcements a on a.id = n.announcement_id where a.cause = $1`,
      cause,
    )
  )[0];

async function whenDue(): Promise<void> {
  await campus.rows("update notify.deliveries set due_at = now() where state = 'waiting'");
  await campus.rows("select queue.dispatch('notify/deliver')");
  await campus.settle();
}

test("a daily digest is one letter per person and day; what comes after it waits for the next", async () => {
  await prefer("digest-daily");
  for (const title of ["First", "Second"]) assert.equal((await delivery(await tell(title))).state, "waiting");
  assert.deepEqual(await letters(), []);
  await Promise.all([whenDue(), whenDue()]);
  const sent = await letters();
  assert.partialDeepStrictEqual(sent, [
    { template: "digest", subject: "New for you in Howdah", state: "accepted" },
  ]);
  assert.match(sent[0].text, /First\nThe news\nhttps:\/\/school\.test\/x\n\nSecond\n/);
  const late = await tell("Third");
  await whenDue();
  assert.equal((await letters()).length, 1);
  assert.partialDeepStrictEqual(await delivery(late), { state: "waiting", frequency: "digest-daily" });
  assert.ok((await delivery(late)).due_at > new Date());
});

test("a weekly digest waits for its day", async () => {
  await prefer("digest-weekly");
  const { frequency, due_at: due } = await delivery(await tell());
  assert.equal(frequency, "digest-weekly");
  assert.deepEqual([due.getUTCDay(), due.getUTCHours(), due > new Date()], [1, 7, true]);
});

test("muted: the notification is there, the mail is not", async () => {
  await prefer("off");
  assert.partialDeepStrictEqual(await delivery(await tell()), { state: "skipped", reason: "muted" });
  assert.equal(
    await campus.value("select count(*)::int from notify.notifications where person_id = $1", sam),
    1,
  );
  assert.deepEqual(await letters(), []);
});

test("urgent passes quiet hours and digests, but not what is muted; security passes all", async () => {
  await campus.rows(
    "insert into notify.quiet_times select $1, (now() - interval '1 hour')::time, (now() + interval '1 hour')::time, '{1,2,3,4,5,6,7}'",
    sam,
  );
  assert.equal((await delivery(await tell())).state, "waiting");
  assert.equal((await delivery(await tell("!", ", urgent => true"))).state, "handed-over");
  await prefer("digest-daily");
  assert.equal((await delivery(await tell("!", ", urgent => true"))).state, "handed-over");
  await prefer("off");
  assert.equal((await delivery(await tell("!", ", urgent => true"))).state, "skipped");
  await campus.value(
    "select notify.announce('s:1', 'security', 'New device', 'Was it you?', '/', person_ids => array[$1]::uuid[])",
    sam,
  );
  await campus.settle();
  assert.equal((await delivery("s:1")).state, "handed-over");
});

test("in quiet hours a mail waits for their end, and is looked at again then", async () => {
  await campus.rows(
    "insert into notify.quiet_times select $1, (now() - interval '1 hour')::time, (now() + interval '1 hour')::time, '{1,2,3,4,5,6,7}'",
    sam,
  );
  const [read, back, muted, digest, still, fine] = [
    await tell(),
    await tell(),
    await tell(),
    await tell(),
    await tell(),
    await tell("Fine"),
  ];
  assert.ok((await delivery(fine)).due_at > new Date());
  const notification = `n.announcement_id = (select a.id from notify.announcements a where a.cause = $1)`;
  await campus.rows(`update notify.notifications n set read_at = now() where ${notification}`, read);
  await campus.rows("select notify.withdraw($1)", back);
  await whenDue();
  assert.partialDeepStrictEqual(await delivery(read), { state: "skipped", reason: "read before" });
  assert.partialDeepStrictEqual(await delivery(back), { state: "withdrawn" });
  assert.ok((await delivery(still)).due_at > new Date(), "the hours are not over: later");
  await campus.rows(
    "update notify.quiet_times set starts_at = (now() + interval '2 hours')::time, ends_at = (now() + interval '3 hours')::time where person_id = $1",
    sam,
  );
  await campus.rows("update notify.announcements set category = 'event' where cause = $1", muted);
  await campus.rows("update notify.announcements set category = 'grade' where cause = $1", digest);
  await campus.rows(
    "select notify.prefer($1, 'event', 'mail', 'off'), notify.prefer($1, 'grade', 'mail', 'digest-daily')",
    sam,
  );
  await whenDue();
  assert.partialDeepStrictEqual(await delivery(muted), { state: "skipped", reason: "muted" });
  assert.partialDeepStrictEqual(await delivery(digest), { state: "waiting", frequency: "digest-daily" });
  assert.partialDeepStrictEqual(await delivery(fine), { state: "handed-over" });
  assert.deepEqual((await letters()).map(({ subject }) => subject).sort(), ["Fine", "News"]);
});

test("twenty mails of a category come at once; the rest are in the digest, and none is lost", async () => {
  for (let n = 1; n <= 22; n++)
    await campus.value(
      "select notify.announce($1, 'announcement', $1, 'b', '/', person_ids => array[$2]::uuid[])",
      `flood ${n}`,
      sam,
    );
  await campus.settle();
  const by = await campus.rows(
    "select state, frequency, count(*)::int from notify.deliveries d join notify.notifications n on n.id = d.notification_id where n.person_id = $1 group by 1, 2 order by 1",
    sam,
  );
  assert.deepEqual(by, [
    { state: "handed-over", frequency: "instant", count: 20 },
    { state: "waiting", frequency: "digest-daily", count: 2 },
  ]);
  await campus.value(
    "select notify.announce('event:1', 'event', 'E', 'b', '/', person_ids => array[$1]::uuid[])",
    sam,
  );
  await campus.settle();
  assert.equal((await delivery("event:1")).state, "handed-over", "another category has a bucket of its own");
  await campus.rows("update notify.buckets set filled_at = filled_at - interval '3 minutes'");
  assert.equal((await delivery(await tell())).state, "handed-over");
  assert.equal((await delivery(await tell())).state, "waiting");
  await whenDue();
  assert.equal(
    await campus.value(
      "select count(*)::int from notify.deliveries d join notify.notifications n on n.id = d.notification_id where d.state = 'waiting' and n.person_id = $1",
      sam,
    ),
    0,
  );
  assert.equal((await letters()).filter(({ template }) => template === "digest").length, 1);
});
