import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { afterEach, beforeEach, test } from "node:test";
import { openSchool, type School } from "../graphql/school.ts";
import {
  type Asker,
  act,
  campaignBoard,
  draft,
  finish,
  jobsOf,
  join,
  letterStates,
  names,
  recipientsIn,
  refusalOf,
  resendCampaign,
  sendNow,
  tell,
  work,
} from "./campaigns-support.ts";

let school: School;
let tutor: Asker;
beforeEach(async () => {
  school = await openSchool();
  tutor = school.as(school.people.tutor);
  await school.world.pool.query(
    "update campaigns.campaign_settings set chunk_threshold = 10, chunk_size = 5",
  );
});
afterEach(() => school[Symbol.asyncDispose]());

const stateOf = async (id: string) =>
  (await school.world.pool.query("select state from campaigns.campaigns where id = $1", [id])).rows[0].state;

/** Letters that a sender would take now. */
async function due(): Promise<number> {
  const { rows } = await school.world.pool.query(
    "select count(*)::int as n from mail.letters where state = 'queued' and not_before <= now() and coalesce(expires_at > now(), true)",
  );
  return rows[0].n;
}

test("a pause stops the jobs and the letters that wait in the outbox; a resume sends the rest, nobody twice", async () => {
  await join(school, names(20));
  const id = await draft(tutor, school.classId);
  await sendNow(school, tutor, id);
  await work(school, id, 2);
  assert.equal(await due(), 10);
  const old = await jobsOf(school, id);
  for (const _ of [1, 2]) assert.equal((await act(tutor, "pause", id)).data.act.result.state, "paused");
  assert.equal(await due(), 0);
  await work(school, id);
  assert.deepEqual(await letterStates(school), { queued: 10 });
  for (const _ of [1, 2]) assert.equal((await act(tutor, "resume", id)).data.act.result.state, "sending");
  assert.equal(await due(), 10);
  for (const { chunk, round } of old)
    await school.world.pool.query("select campaigns.send_chunk($1, $2, $3)", [id, chunk, round]);
  assert.deepEqual(await letterStates(school), { queued: 10 }, "jobs of the first round do nothing more");
  await work(school, id);
  await finish(school, id);
  assert.deepEqual(await letterStates(school), { queued: 20 });
  assert.equal(await stateOf(id), "sent");
});

test("a pause before the recipients are frozen holds that back too", async () => {
  await join(school, names(3));
  const id = await draft(tutor, school.classId);
  await act(tutor, "send", id);
  await act(tutor, "pause", id);
  await school.world.pool.query("select campaigns.prepare($1)", [id]);
  assert.equal(await stateOf(id), "paused");
  await act(tutor, "resume", id);
  await school.world.pool.query("select campaigns.prepare($1)", [id]);
  await work(school, id);
  assert.deepEqual(await letterStates(school), { queued: 3 });
});

test("after a cancellation nothing goes out that had not been handed over", async () => {
  await join(school, names(15));
  const id = await draft(tutor, school.classId);
  await sendNow(school, tutor, id);
  await work(school, id, 2);
  const { pool } = school.world;
  const { rows: someone } = await pool.query("select recipient from mail.letters limit 1");
  await tell(school, someone[0].recipient, "delivered");
  await pool.query("select mail.claim(1, 'sender')");
  for (const _ of [1, 2]) assert.equal((await act(tutor, "cancel", id)).data.act.result.state, "cancelled");
  await work(school, id);
  await finish(school, id);
  const { rows } = await pool.query("select id, attempt from mail.letters where state = 'sending'");
  const [inHand] = rows;
  await pool.query("select mail.record($1)", [
    JSON.stringify([
      { id: inHand.id, attempt: inHand.attempt, kind: "notSent", code: "429", reason: "busy" },
    ]),
  ]);
  await pool.query("select mail.sweep()");
  assert.equal(await due(), 0);
  const states = await letterStates(school);
  assert.deepEqual(
    [states.accepted, (states.cancelled ?? 0) + (states.expired ?? 0), await stateOf(id)],
    [1, 9, "cancelled"],
  );
  assert.deepEqual(refusalOf(await act(tutor, "send", id)), ["HW409", undefined]);
  assert.deepEqual(refusalOf(await act(tutor, "resume", id)), ["HW409", undefined]);
});

test("chunks at the same moment as pauses and resumes: everybody gets one letter", async () => {
  await join(school, names(40));
  const id = await draft(tutor, school.classId);
  await sendNow(school, tutor, id);
  const storm = async () => {
    for (let n = 0; n < 6; n++) {
      await Promise.all([
        work(school, id).catch(assert.fail),
        act(tutor, n % 2 === 0 ? "pause" : "resume", id),
        work(school, id).catch(assert.fail),
      ]);
    }
  };
  await storm();
  await act(tutor, "resume", id);
  await work(school, id);
  await finish(school, id);
  assert.equal(await stateOf(id), "sent");
  const { rows } = await school.world.pool.query(
    "select count(*)::int as letters, count(distinct recipient)::int as people from mail.letters",
  );
  assert.deepEqual(rows[0], { letters: 40, people: 40 });
});

test("somebody who opts out or loses the address between freeze and hand-over gets no letter; one bad address stops nobody", async () => {
  const [ani = ""] = await join(school, ["Ani", "Budi", "Citra"]);
  const id = await draft(tutor, school.classId);
  await sendNow(school, tutor, id);
  const { pool } = school.world;
  await pool.query(
    "insert into notify.preferences (person_id, category, channel, frequency) values ($1, 'campaign', 'mail', 'off')",
    [ani],
  );
  await pool.query("update campaigns.campaign_recipients set address = 'nowhere' where address like 'budi%'");
  await work(school, id);
  await finish(school, id);
  const { rows } = await pool.query(
    "select p.name, r.state, r.reason from campaigns.campaign_recipients r join app.people p on p.id = r.person_id order by 1",
  );
  assert.deepEqual(rows, [
    { name: "Ani", state: "skipped", reason: "opted-out" },
    { name: "Budi", state: "failed", reason: "bad-address" },
    { name: "Citra", state: "enqueued", reason: null },
  ]);
});

test("the board counts what the outbox and the mail service say, and the lists agree with it", async () => {
  const people = ["Ani", "Budi", "Citra", "Dewi", "Eko", "Fajar", "Gita", "Hana"];
  const ids = await join(school, people);
  const id = await draft(tutor, school.classId);
  await school.world.pool.query("delete from app.email_addresses where person_id = $1", [ids[7]]);
  await sendNow(school, tutor, id);
  await work(school, id);
  await finish(school, id);
  await tell(school, "ani@school.example", "delivered", "opened", "clicked");
  await tell(school, "budi@school.example", "delivered", "opened");
  await tell(school, "citra@school.example", "delivered");
  await tell(school, "dewi@school.example", "bounced");
  await tell(school, "eko@school.example", "delivered", "complained");
  await tell(school, "fajar@school.example", "delivered", "unsubscribed");
  const { data, errors } = await tutor(campaignBoard, { campaignId: id });
  assert.deepEqual(errors, []);
  const { suppressedBecause, ...counts } = data.campaignBoard;
  assert.deepEqual(
    typeof suppressedBecause === "string" ? JSON.parse(suppressedBecause) : suppressedBecause,
    {
      "no-address": 1,
    },
  );
  assert.deepEqual(counts, {
    audience: 8,
    queued: 1,
    suppressed: 1,
    accepted: 6,
    delivered: 5,
    bounced: 1,
    complained: 1,
    opened: 2,
    clicked: 1,
    unsubscribed: 1,
    undecided: 0,
    cancelled: 0,
    failed: 0,
    notReceived: 3,
    notSeen: 4,
  });
  assert.deepEqual(await recipientsIn(tutor, id, "not-received"), ["Dewi", "Gita", "Hana"]);
  assert.deepEqual(await recipientsIn(tutor, id, "not-seen"), ["Citra", "Dewi", "Gita", "Hana"]);
  assert.deepEqual(await recipientsIn(tutor, id, "bounced"), ["Dewi"]);
  assert.equal((await recipientsIn(tutor, id, null)).length, 8);
});

test("a follow-up goes to those who have not seen it when it is sent, not to whom the first letter may still reach", async () => {
  const ids = await join(school, ["Ani", "Budi", "Citra", "Dewi"]);
  const id = await draft(tutor, school.classId);
  await school.world.pool.query("delete from app.email_addresses where person_id = $1", [ids[3]]);
  const input = { campaignId: id, clientId: randomUUID() };
  assert.deepEqual(refusalOf(await tutor(resendCampaign, { input })), ["HW409", undefined]);
  await sendNow(school, tutor, id);
  await work(school, id);
  await finish(school, id);
  await tell(school, "ani@school.example", "delivered");
  await tell(school, "budi@school.example", "delivered");
  const first = await tutor(resendCampaign, { input });
  assert.deepEqual((await tutor(resendCampaign, { input })).data, first.data);
  const followUp = first.data.resendCampaign.result;
  assert.deepEqual([followUp.state, followUp.follows.id], ["draft", id]);
  await tell(school, "budi@school.example", "opened");
  await school.world.pool.query(
    "insert into app.email_addresses (person_id, address) values ($1, 'dewi.now@school.example')",
    [ids[3]],
  );
  await sendNow(school, tutor, followUp.id);
  await work(school, followUp.id);
  assert.deepEqual(await recipientsIn(tutor, followUp.id, "queued"), ["Ani", "Dewi"]);
});

test("who leaves by a letter counts as unsubscribed, and gets nothing of what waits, here or in the next campaign", async () => {
  await join(school, names(2));
  const first = await draft(tutor, school.classId);
  await sendNow(school, tutor, first);
  await work(school, first);
  const second = await draft(tutor, school.classId, { name: "Again" });
  await sendNow(school, tutor, second);
  await work(school, second);
  const { rows } = await school.world.pool.query(
    `select l.unsubscribe_token as token from campaigns.campaign_recipients r join mail.letters l on l.id = r.letter_id
     where r.campaign_id = $1 order by l.position limit 1`,
    [first],
  );
  await school.world.pool.query("select notify.leave_by_token($1)", [rows[0].token]);
  assert.deepEqual(await letterStates(school), { cancelled: 2, queued: 2 });
  const boardOf = async (campaignId: string) =>
    (await tutor(campaignBoard, { campaignId })).data.campaignBoard;
  assert.partialDeepStrictEqual(await boardOf(first), { unsubscribed: 1 });
  assert.partialDeepStrictEqual(await boardOf(second), { unsubscribed: 0, cancelled: 1 });
  const third = await draft(tutor, school.classId, { name: "Once more" });
  await sendNow(school, tutor, third);
  assert.partialDeepStrictEqual(await boardOf(third), { suppressedBecause: { "opted-out": 1 } });
});
