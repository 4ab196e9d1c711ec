import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { openSchool, type School } from "../graphql/school.ts";
import {
  type Asker,
  act,
  draft,
  finish,
  join,
  letterStates,
  names,
  sendNow,
  work,
} from "./campaigns-support.ts";

// Of 40 letters of a campaign 20 have been taken, and the limits count from 20 on: each is 5 %.
let school: School;
let tutor: Asker;
let id: string;
before(async () => {
  school = await openSchool();
  tutor = school.as(school.people.tutor);
  await rows("update campaigns.campaign_settings set chunk_threshold = 10, chunk_size = 20");
  await rows("update app.people set community_role = 'owner' where name = 'Ada'");
  await join(school, names(40));
});
beforeEach(async () => {
  await rows(`truncate mail.letters, mail.webhook_calls, mail.suppressions, mail.told_health, campaigns.campaigns,
    notify.announcements, graphile_worker._private_jobs cascade`);
  await rows(`update mail.health_limits set least_accepted = 20, complaints_warn = 0.05, complaints_alarm = 0.15,
    bounces_warn = 0.1, bounces_alarm = 0.2`);
  id = await draft(tutor, school.classId);
  await sendNow(school, tutor, id);
  await work(school, id, 1);
  await take();
});
after(() => school[Symbol.asyncDispose]());

test("few complaints warn, more pause: nothing more goes out, and its makers and the community's owners know why", async () => {
  assert.deepEqual(await look(), []);
  await hear("SpamComplaint", 1);
  assert.deepEqual(await look(), [{ campaign_id: id, alert: "warning" }]);
  assert.deepEqual(await look(), [], "once");
  assert.partialDeepStrictEqual(await campaign(), { state: "sending", alert: "warning" });
  await hear("SpamComplaint", 2);
  assert.deepEqual(await look(), [{ campaign_id: id, alert: "paused" }]);
  const { state, alert, alertReason, alertedAt } = await campaign();
  assert.deepEqual([state, alert, alertedAt !== null], ["paused", "paused", true]);
  assert.match(
    alertReason,
    /^3 of 20 letters \(15 %\) were called spam;.* from 5 % on, and block at 15 %\.$/,
  );
  await work(school, id);
  assert.equal((await letterStates(school)).queued, undefined);
  await split();
  for (const person of [school.people.tutor, school.people.owner])
    assert.deepEqual(await told(person), ["Paused: Roof", "Warning: Roof"]);
  assert.deepEqual(await told(school.people.sam), []);
});

test("only bounces for good count, and only among enough letters", async () => {
  await hear("SoftBounce", 5);
  assert.deepEqual(await look(), []);
  await rows("update mail.health_limits set least_accepted = 21");
  await hear("HardBounce", 4);
  assert.deepEqual(await look(), []);
  await rows("update mail.health_limits set least_accepted = 20");
  assert.deepEqual(await look(), [{ campaign_id: id, alert: "paused" }]);
  assert.match((await campaign()).alertReason, /^4 of 20 letters \(20 %\) came back for good/);
});

test("a person resumes it with an explicit word; only what comes after counts then", async () => {
  await hear("SpamComplaint", 4);
  await look();
  const refused = (await act(tutor, "resume", id)).errors[0];
  assert.deepEqual([refused?.extensions.code, refused?.extensions.field], ["HW409", "despiteAlert"]);
  assert.match(refused?.message ?? "", /paused because of an alert: 4 of 20 letters/);
  assert.equal((await campaign()).state, "paused");
  const { data } = await tutor(resumeDespite, { id });
  assert.partialDeepStrictEqual(data.resumeCampaign.result, {
    ...{ state: "sending", alert: null, alertReason: null, alertedAt: null },
    overruler: { name: "Tutor" },
  });
  assert.deepEqual(await look(), [], "the same events raise no alert again");
  await hear("SpamComplaint", 3);
  assert.deepEqual(await look(), [{ campaign_id: id, alert: "paused" }]);
});

test("a pause by hand stays one that needs no explicit word", async () => {
  await act(tutor, "pause", id);
  assert.equal((await act(tutor, "resume", id)).data.act.result.state, "sending");
});

test("where everything has gone out there is nothing to pause: an alarm", async () => {
  await work(school, id);
  await finish(school, id);
  await take();
  await hear("HardBounce", 9);
  assert.deepEqual(await look(), [{ campaign_id: id, alert: "alarm" }]);
  assert.equal((await campaign()).state, "sent");
});

test("bad news rings for a look, once in ten seconds, however much there is; good news does not", async () => {
  const bells =
    "select count(*)::int as n from queue.jobs where payload::json ->> 'job' = 'campaigns/look-at-health'";
  await hear("Delivery", 3);
  assert.deepEqual(await rows(bells), [{ n: 0 }]);
  for (const _ of [1, 2, 3]) await hear("HardBounce", 1);
  const [{ n }] = await rows(bells);
  assert.ok(n >= 1 && n <= 2, `${n} bells`);
});

test("the health of the streams: both windows, told when it changes", async () => {
  await hear("SpamComplaint", 3);
  const health = await rows(
    `select stream, "window", accepted::int, bounced::int, complained::int, complaint_rate::float8 as rate, state
     from mail.health order by stream, "window"`,
  );
  assert.deepEqual(health, [
    ...["day", "week"].map((window) => ({
      ...{ stream: "broadcast", window, accepted: 20, bounced: 0, complained: 3, rate: 0.15, state: "alarm" },
    })),
    ...["day", "week"].map((window) => ({
      ...{ stream: "outbound", window, accepted: 0, bounced: 0, complained: 0, rate: 0, state: "fine" },
    })),
  ]);
  const lookAtStreams = "select stream, state, reason ~ 'called spam' as why from mail.look_at_health()";
  assert.deepEqual(await rows(lookAtStreams), [{ stream: "broadcast", state: "alarm", why: true }]);
  assert.deepEqual(await rows(lookAtStreams), []);
  await rows("update mail.health_limits set least_accepted = 1000");
  assert.deepEqual(await rows(lookAtStreams), [{ stream: "broadcast", state: "fine", why: null }]);
});

// biome-ignore lint/suspicious/noExplicitAny: the rows are what the tests look into
async function rows(text: string, ...values: unknown[]): Promise<any[]> {
  return (await school.world.pool.query(text, values)).rows;
}

const look = () => rows("select campaign_id, alert from campaigns.look_at_health()");

/** The mail service takes every letter that waits. */
async function take(): Promise<void> {
  await rows(`update mail.letters set state = 'sending', attempt = 1, batch_id = gen_random_uuid(), claimed_by = 'test',
    lease_until = now() + interval '1 minute', last_tx_at = now() where state = 'queued' and not_before <= now()`);
  await rows(`select mail.record(jsonb_agg(jsonb_build_object(
    'id', l.id, 'attempt', 1, 'kind', 'accepted', 'messageId', gen_random_uuid()))) from mail.letters l where l.state = 'sending'`);
}

/** Its calls about as many letters that nothing was said of yet, through the door that webhooks take. */
async function hear(
  type: "HardBounce" | "SoftBounce" | "SpamComplaint" | "Delivery",
  count: number,
): Promise<void> {
  const letters = await rows(
    `select l.id, l.recipient, l.provider_message_id as message from mail.letters l
     where l.state = 'accepted' order by l.position limit $1`,
    count,
  );
  assert.equal(letters.length, count);
  const at = new Date().toISOString();
  const calls = letters.map(({ id: mid, recipient, message }, n) => ({
    stream: "broadcast",
    payload: {
      RecordType: type === "SpamComplaint" || type === "Delivery" ? type : "Bounce",
      ...{
        MessageStream: "broadcast",
        MessageID: message,
        Metadata: { mid, a: "1" },
        Type: type,
        ID: Date.now() * 100 + n,
      },
      ...{
        Email: recipient,
        Recipient: recipient,
        BouncedAt: at,
        DeliveredAt: at,
        Inactive: type !== "SoftBounce",
      },
    },
  }));
  await rows("select mail.store_calls($1)", JSON.stringify(calls));
  await rows("select calls from mail.hear_calls(1000)");
}

async function campaign() {
  const { data } = await tutor(
    "query ($id: UUID!) { campaign(id: $id) { state alert alertReason alertedAt overruledAt } }",
    { id },
  );
  return data.campaign;
}

async function split(): Promise<void> {
  await rows(
    "select notify.split(a.id) from notify.announcements a where a.cause like 'campaign:%' order by a.created_at",
  );
}

async function told(person: string): Promise<string[]> {
  const { data } = await school.as(person)("{ inbox { nodes { title } } }");
  return data.inbox.nodes.map(({ title }: { title: string }) => title).sort();
}

const resumeDespite = `mutation ($id: UUID!) {
  resumeCampaign(input: { campaignId: $id, despiteAlert: true }) { result { state alert alertReason alertedAt overruler { name } } }
}`;
