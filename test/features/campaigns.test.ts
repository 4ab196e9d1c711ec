import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { afterEach, beforeEach, test } from "node:test";
import { openSchool, type School } from "../graphql/school.ts";
import {
  type Asker,
  act,
  campaignForecast,
  create,
  draft,
  jobsOf,
  join,
  letterStates,
  names,
  previewCampaign,
  recordPayment,
  sendNow,
  setMergeValues,
  setPledges,
  testCampaign,
  updateCampaign,
  work,
} from "./campaigns-support.ts";

let school: School;
let tutor: Asker;
beforeEach(async () => {
  school = await openSchool();
  tutor = school.as(school.people.tutor);
});
afterEach(() => school[Symbol.asyncDispose]());

const today = async (days: number) =>
  (await school.world.pool.query("select (campaigns.today() + $1::int)::text as day", [days])).rows[0].day;

/** Pledges in euro cents: [person, pledged, paid, days until it is due]. */
async function pledge(purpose: string, people: [string, number, number, number][]) {
  for (const [personId, amount, paid, due] of people) {
    const pledges = [{ personId, amount: String(amount), currency: "EUR", dueOn: await today(due) }];
    const { data } = await tutor(setPledges, { input: { groupId: school.classId, purpose, pledges } });
    const [{ id: pledgeId }] = data.setPledges.result;
    const input = { pledgeId, amount: String(paid), clientId: randomUUID() };
    if (paid > 0) assert.deepEqual((await tutor(recordPayment, { input })).errors, []);
  }
}

test("the letter has the values of each, and what was previewed is what is sent", async () => {
  const [ani = "", budi = ""] = await join(school, ["Ani", "Budi"]);
  await pledge("roof", [
    [ani, 10_000, 2_500, 12],
    [budi, 5_000, 6_000, -2],
  ]);
  const id = await draft(tutor, school.classId, {
    purpose: "roof",
    subject: "Roof: #balance",
    body: "Dear #name,\n\nyou pledged #pledge and paid #paid_amount. Left: #balance, #days_remain.",
  });
  const { data, errors } = await tutor(previewCampaign, { campaignId: id, personId: ani });
  assert.deepEqual(errors, []);
  const [preview] = data.previewCampaign.nodes;
  assert.equal(preview.subject, "Roof: €75.00");
  assert.match(
    preview.text,
    /^Dear Ani,\n\nyou pledged €100\.00 and paid €25\.00\. Left: €75\.00, 12 days\.\n/,
  );
  assert.match(preview.html, /^<!doctype html>/i);
  await sendNow(school, tutor, id);
  await school.world.pool.query("update app.people set name = 'Somebody else'");
  await work(school, id);
  const letters = await school.world.pool.query(
    `select w.subject, w.text, w.html, l.stream, l.priority, l.template, l.category, l.person_id
     from mail.letters l join mail.words w on w.letter_id = l.id order by 1`,
  );
  const other = letters.rows.find(({ subject }) => subject !== preview.subject);
  const { text, html, ...letter } = letters.rows.find(({ subject }) => subject === preview.subject);
  assert.deepEqual(letter, {
    subject: preview.subject,
    stream: "broadcast",
    priority: 200,
    template: "campaign",
    category: "campaign",
    person_id: ani,
  });
  assert.equal(written(text), preview.text);
  assert.equal(written(html), preview.html);
  assert.equal(other.subject, "Roof: €10.00 overpaid");
  assert.match(other.text, /2 days overdue/);
});

test("the preview shows the worst cases, and the forecast who is skipped and why", async () => {
  const people = await join(school, ["Ani", "Budi", "Citra Maharani Wulandari", "Dewi", "Eko", "Fajar"]);
  const [ani = "", budi = "", citra = "", dewi = "", eko = "", fajar = ""] = people;
  const minor = (await join(school, ["Gita"]))[0];
  const { pool } = school.world;
  await pool.query("update app.people set is_minor = true where id = $1", [minor]);
  await pool.query("delete from app.email_addresses where person_id = $1", [fajar]);
  await pool.query(
    "insert into notify.preferences (person_id, category, channel, frequency) values ($1, 'campaign', 'mail', 'off')",
    [eko],
  );
  await pledge("roof", [
    [ani, 10_000, 10_000, 3],
    [budi, 5_000, 6_000, 3],
    [citra, 5_000, 0, -4],
    [eko, 1, 0, 1],
    [fajar, 1, 0, 1],
  ]);
  const id = await draft(tutor, school.classId, { purpose: "roof", body: "#name #balance #days_remain" });
  const { data } = await tutor(previewCampaign, { campaignId: id });
  const samples = Object.fromEntries(
    data.previewCampaign.nodes.map((node: { sample: string; text: string; missingTags: string[] }) => [
      node.sample,
      [firstLine(node.text), node.missingTags],
    ]),
  );
  assert.deepEqual(samples, {
    first: ["Ani €0.00 3 days", []],
    "longest-name": ["Citra Maharani Wulandari €50.00 4 days overdue", []],
    "missing-value": ["Dewi #balance #days_remain", ["balance", "days_remain"]],
    "zero-balance": ["Ani €0.00 3 days", []],
    overpaid: ["Budi €10.00 overpaid 3 days", []],
    overdue: ["Citra Maharani Wulandari €50.00 4 days overdue", []],
  });
  assert.ok(dewi);
  const forecast = await tutor(campaignForecast, { campaignId: id });
  assert.deepEqual(forecast.errors, []);
  const { skipped, ...counts } = forecast.data.campaignForecast;
  assert.deepEqual(counts, { audience: 7, recipients: 3, inChunks: false, minutes: 0 });
  assert.deepEqual(skipped, {
    "no-address": 1,
    "opted-out": 1,
    minor: 1,
    "missing-tag": 1,
  });
  await sendNow(school, tutor, id);
  await work(school, id);
  assert.deepEqual(await letterStates(school), { queued: 3 });
  const { rows } = await pool.query(
    "select p.name, r.reason, r.missing_tags from campaigns.campaign_recipients r join app.people p on p.id = r.person_id where r.state = 'skipped' order by 1",
  );
  assert.deepEqual(rows, [
    { name: "Dewi", reason: "missing-tag", missing_tags: ["balance", "days_remain"] },
    { name: "Eko", reason: "opted-out", missing_tags: [] },
    { name: "Fajar", reason: "no-address", missing_tags: [] },
    { name: "Gita", reason: "minor", missing_tags: [] },
  ]);
});

test("declared tags have types, defaults and values; a fallback in the text stands in for a missing value", async () => {
  const [ani = "", budi = ""] = await join(school, ["Ani", "Budi"]);
  await school.world.pool.query("update app.people set locale = 'id' where id = $1", [budi]);
  const tags = [
    { name: "bus", type: "text", defaultValue: "bus 1" },
    { name: "fare", type: "money", defaultValue: "150" },
    { name: "trip", type: "date", defaultValue: "2027-03-05" },
    { name: "seats", type: "number" },
  ];
  const id = await draft(tutor, school.classId, {
    tags,
    currency: "EUR",
    body: "#bus #fare #trip #seats|none",
  });
  const entries = [
    { personId: ani, tag: "bus", value: "bus <2>" },
    { personId: budi, tag: "seats", value: "1234.5" },
  ];
  assert.deepEqual((await tutor(setMergeValues, { input: { campaignId: id, entries } })).errors, []);
  const text = async (personId: string) =>
    (await tutor(previewCampaign, { campaignId: id, personId })).data.previewCampaign.nodes[0];
  assert.match((await text(ani)).text, /^bus <2> €1\.50 5 March 2027 none\n/);
  assert.match((await text(ani)).html, /<p>bus &lt;2&gt; €1\.50 5 March 2027 none<\/p>/);
  assert.match((await text(budi)).text, /^bus 1 €1,50 5 Maret 2027 1\.234,5\n/);
  assert.match((await text(budi)).html, /<html lang="id"/);
  const changed = await tutor(updateCampaign, {
    input: { campaignId: id, body: "#bus", tags: [{ name: "bus", type: "text" }] },
  });
  assert.deepEqual(changed.data.updateCampaign.result.mergeTags.nodes, [
    { name: "bus", type: "text", defaultValue: null },
  ]);
  assert.equal((await text(budi)).skippedBecause, "missing-tag");
  await tutor(setMergeValues, {
    input: { campaignId: id, entries: [{ personId: ani, tag: "bus", value: null }] },
  });
  assert.equal((await text(ani)).skippedBecause, "missing-tag");
});

test("unknown tags, and pledges without a purpose, are told before anything is sent", async () => {
  await join(school, ["Ani"]);
  const refusal = async (extra: object) => {
    const id = await draft(tutor, school.classId, extra);
    const [preview, sent, forecast] = [
      await tutor(previewCampaign, { campaignId: id }),
      await act(tutor, "send", id),
      await tutor(campaignForecast, { campaignId: id }),
    ];
    assert.deepEqual(preview.errors[0]?.message, sent.errors[0]?.message);
    assert.deepEqual(forecast.errors[0]?.message, sent.errors[0]?.message);
    assert.deepEqual(sent.errors[0]?.extensions, { code: "HW422", field: "body" });
    return sent.errors[0]?.message;
  };
  assert.match((await refusal({ body: "#nmae and #Name" })) ?? "", /#Name, #nmae/);
  assert.match((await refusal({ subject: "#paid_amount_x" })) ?? "", /#paid_amount_x/);
  assert.match((await refusal({ body: "#pledge" })) ?? "", /purpose/);
  assert.match((await refusal({ body: "#f", tags: [{ name: "f", type: "money" }] })) ?? "", /currency/);
  assert.deepEqual(await letterStates(school), {});
});

test("a test letter goes to oneself only, with the values of somebody who would get it, once per clientId", async () => {
  await join(school, ["Ani"]);
  const owner = school.as(school.people.owner);
  const id = await draft(owner, school.classId);
  const input = { campaignId: id, clientId: randomUUID() };
  for (const _ of [1, 2]) assert.deepEqual((await owner(testCampaign, { input })).errors, []);
  const { rows } = await school.world.pool.query(
    "select l.recipient, w.subject from mail.letters l join mail.words w on w.letter_id = l.id",
  );
  assert.deepEqual(rows, [{ recipient: "ada@school.example", subject: "[Test] The roof, Ani" }]);
  const { errors } = await tutor(testCampaign, { input });
  assert.equal(errors[0]?.extensions.code, "HW409", "the tutor has no address");
});

test("a few recipients are single jobs on high, a hundred and more are chunks of 50 on bulk at a pace", async () => {
  await join(school, names(120));
  await school.world.pool.query("update campaigns.campaign_settings set letters_per_minute = 50");
  const many = await draft(tutor, school.classId);
  await sendNow(school, tutor, many);
  const chunks = await jobsOf(school, many);
  assert.deepEqual(
    chunks.map(({ queue, chunk, round, seconds }) => [queue, chunk, round, Math.round((seconds + 1) / 60)]),
    [1, 2, 3].map((chunk) => ["bulk", chunk, 1, chunk - 1]),
  );
  await school.world.pool.query("update campaigns.campaign_settings set chunk_threshold = 121");
  const few = await draft(tutor, school.classId);
  await sendNow(school, tutor, few);
  const jobs = await jobsOf(school, few);
  assert.equal(jobs.length, 120);
  assert.ok(jobs.every(({ queue, seconds }) => queue === "high" && seconds <= 1));
  await work(school, many);
  await work(school, many);
  await work(school, few);
  assert.deepEqual(await letterStates(school), { queued: 240 });
});

test("the same clientId makes one campaign; only a draft can be changed; sending again changes nothing", async () => {
  await join(school, ["Ani"]);
  const clientId = randomUUID();
  const id = await draft(tutor, school.classId, { clientId, tags: [{ name: "bus", type: "text" }] });
  const again = await create(tutor, school.classId, { clientId, name: "Another", tags: [] });
  assert.deepEqual(again.data.createCampaign.result.mergeTags.nodes, [
    { name: "bus", type: "text", defaultValue: null },
  ]);
  assert.equal(again.data.createCampaign.result.id, id);
  await sendNow(school, tutor, id);
  await sendNow(school, tutor, id);
  assert.equal((await jobsOf(school, id)).length, 1);
  const late = await tutor(updateCampaign, { input: { campaignId: id, name: "Late" } });
  assert.equal(late.errors[0]?.extensions.code, "HW409");
  const tooLate = await tutor(setMergeValues, {
    input: { campaignId: id, entries: [{ personId: id, tag: "bus" }] },
  });
  assert.equal(tooLate.errors[0]?.extensions.code, "HW409");
});

const firstLine = (text: string) => text.split("\n")[0];

/** A letter as a preview has it: to nobody, with links that lead nowhere. */
function written(letter: string): string {
  return letter
    .replaceAll(/\/(unsubscribe|preferences)\/[\w-]+/g, "/$1/preview")
    .replaceAll("ani@school.example", "reader@example.com");
}
