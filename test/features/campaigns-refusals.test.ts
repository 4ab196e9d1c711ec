import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, test } from "node:test";
import { openSchool, type School } from "../graphql/school.ts";
import {
  type Asker,
  act,
  campaignBoard,
  campaignForecast,
  campaignRecipients,
  create,
  draft,
  join,
  previewCampaign,
  recordPayment,
  refusalOf,
  resendCampaign,
  setMergeValues,
  setPledges,
  testCampaign,
  updateCampaign,
} from "./campaigns-support.ts";

let school: School;
let tutor: Asker;
let ani: string;
let elsewhere: { id: string; person: string };

before(async () => {
  school = await openSchool();
  tutor = school.as(school.people.tutor);
  ani = (await join(school, ["Ani"]))[0] ?? "";
  const { rows } = await school.world.pool.query(
    `select g.id, m.person_id as person from app.create_class('Chess', 'chess@school.example', 'Chess') g
     join lateral (select p.id as person_id from app.find_or_create_person('chess@school.example', 'Chess') p) m on true`,
  );
  elsewhere = rows[0];
});
after(() => school[Symbol.asyncDispose]());

async function traces() {
  const { rows } = await school.world.pool.query(
    `select (select jsonb_agg(c order by c.id) from campaigns.campaigns c) as campaigns,
       (select jsonb_agg(p order by p.id) from campaigns.pledges p) as pledges,
       (select count(*)::int from campaigns.payments) as payments,
       (select count(*)::int from campaigns.merge_tags) as tags,
       (select count(*)::int from campaigns.merge_values) as values,
       (select count(*)::int from campaigns.campaign_recipients) as recipients,
       (select count(*)::int from mail.letters) as letters,
       (select count(*)::int from queue.jobs) as jobs`,
  );
  return rows[0];
}

const euros = (amount: number | string, extra: object = {}) => ({
  personId: ani,
  amount: String(amount),
  currency: "EUR",
  ...extra,
});

async function pledgeOfAni(): Promise<string> {
  const input = { groupId: school.classId, purpose: "roof", pledges: [euros(1000)] };
  const { data, errors } = await tutor(setPledges, { input });
  assert.deepEqual(errors, []);
  return data.setPledges.result[0].id;
}

test("who is not staff can do nothing with campaigns and sees none; teachers can and do", async () => {
  const id = await draft(tutor, school.classId);
  const pledgeId = await pledgeOfAni();
  const before = await traces();
  const everything = (asker: Asker) => [
    create(asker, school.classId),
    asker(updateCampaign, { input: { campaignId: id, name: "Mine" } }),
    asker(setMergeValues, { input: { campaignId: id, entries: [{ personId: ani, tag: "x", value: "y" }] } }),
    asker(testCampaign, { input: { campaignId: id, clientId: randomUUID() } }),
    act(asker, "send", id),
    act(asker, "pause", id),
    act(asker, "resume", id),
    act(asker, "cancel", id),
    asker(resendCampaign, { input: { campaignId: id, clientId: randomUUID() } }),
    asker(previewCampaign, { campaignId: id }),
    asker(campaignForecast, { campaignId: id }),
    asker(campaignBoard, { campaignId: id }),
    asker(campaignRecipients, { campaignId: id }),
    asker(setPledges, { input: { groupId: school.classId, purpose: "roof", pledges: [euros(1)] } }),
    asker(recordPayment, { input: { pledgeId, amount: "1", clientId: randomUUID() } }),
  ];
  const codes = async (asker: Asker) =>
    (await Promise.all(everything(asker))).map((answer) => refusalOf(answer)[0]);
  const forMembers = ["HW403", ...Array(12).fill("HW404"), "HW403", "HW404"];
  assert.deepEqual(await codes(school.as(school.people.sam)), forMembers);
  assert.deepEqual(await codes(school.as(elsewhere.person)), Array(15).fill("HW404"));
  assert.deepEqual(await codes(school.as(undefined)), Array(15).fill("HW401"));
  assert.deepEqual(await traces(), before);

  const seen =
    "{ campaigns { totalCount } pledges { nodes { amount balance } } payments { totalCount } mergeTags { totalCount } }";
  const nothing = {
    campaigns: { totalCount: 0 },
    pledges: { nodes: [] },
    payments: { totalCount: 0 },
    mergeTags: { totalCount: 0 },
  };
  assert.deepEqual((await school.as(school.people.sam)(seen)).data, nothing);
  assert.deepEqual((await school.as(elsewhere.person)(seen)).data, nothing);
  const own = { ...nothing, pledges: { nodes: [{ amount: "1000", balance: "1000" }] } };
  assert.deepEqual((await school.as(ani)(seen)).data, own);
  assert.equal((await tutor(seen)).data.campaigns.totalCount, 1);
});

test("campaigns of the whole community are for its owners", async () => {
  const boss = school.as(school.people.stranger);
  assert.deepEqual(refusalOf(await create(boss, null)), ["HW403", undefined]);
  await school.world.pool.query("update app.people set community_role = 'owner' where id = $1", [
    school.people.stranger,
  ]);
  const id = await draft(boss, null, { audienceRoles: [] });
  const { data } = await boss(campaignForecast, { campaignId: id });
  assert.equal(data.campaignForecast.recipients, 3);
  assert.deepEqual((await act(boss, "cancel", await draft(tutor, school.classId))).errors, []);
  await school.world.pool.query("update app.people set community_role = 'member'");
  assert.deepEqual(refusalOf(await boss(campaignForecast, { campaignId: id })), ["HW404", undefined]);
});

test("a campaign with bad input is refused with its field", async () => {
  const id = await draft(tutor, school.classId);
  const before = await traces();
  const tag = (extra: object) => ({ tags: [{ name: "bus", type: "text", ...extra }] });
  const cases: [object, string][] = [
    [{ name: " " }, "name"],
    [{ name: "x".repeat(201) }, "name"],
    [{ subject: "" }, "subject"],
    [{ subject: "x".repeat(301) }, "subject"],
    [{ subject: "two\nlines" }, "subject"],
    [{ body: " " }, "body"],
    [{ body: "x".repeat(20_001) }, "body"],
    [{ purpose: "x".repeat(101) }, "purpose"],
    [{ currency: "XXX" }, "currency"],
    [{ audienceRoles: ["headmaster"] }, "audienceRoles"],
    [{ audienceGroupIds: [elsewhere.id] }, "audienceGroupIds"],
    [{ audienceGroupIds: [randomUUID()] }, "audienceGroupIds"],
    [{ audiencePersonIds: [elsewhere.person] }, "audiencePersonIds"],
    [{ audiencePersonIds: [randomUUID()] }, "audiencePersonIds"],
    [{ audiencePersonIds: [null] }, "audiencePersonIds"],
    [tag({ name: "Bus" }), "tags"],
    [tag({ name: "balance" }), "tags"],
    [tag({ name: null }), "tags"],
    [tag({ type: "list" }), "tags"],
    [tag({ type: "number", defaultValue: "many" }), "tags"],
    [tag({ type: "date", defaultValue: "2027-02-30" }), "tags"],
    [tag({ type: "money", defaultValue: "1.5" }), "tags"],
    [{ tags: [...tag({}).tags, ...tag({}).tags] }, "tags"],
    [{ tags: Array.from({ length: 51 }, (_, n) => ({ name: `t${n}`, type: "text" })) }, "tags"],
  ];
  for (const [changes, field] of cases) {
    assert.deepEqual(
      refusalOf(await create(tutor, school.classId, changes)),
      ["HW422", field],
      JSON.stringify(changes),
    );
    const changed = await tutor(updateCampaign, { input: { campaignId: id, ...changes } });
    assert.deepEqual(refusalOf(changed), ["HW422", field], JSON.stringify(changes));
  }
  assert.deepEqual(refusalOf(await create(tutor, randomUUID())), ["HW404", undefined]);
  assert.equal(refusalOf(await create(tutor, school.classId, { clientId: null }))[0], "HW422");
  assert.deepEqual(await traces(), before);
});

test("values, states and acts that make no sense are refused", async () => {
  const id = await draft(tutor, school.classId, { tags: [{ name: "seats", type: "number" }] });
  const empty = await draft(tutor, school.classId, { audienceRoles: ["member"] });
  const before = await traces();
  const value = async (...entries: object[]) =>
    refusalOf(await tutor(setMergeValues, { input: { campaignId: id, entries } }));
  const good = { personId: ani, tag: "seats", value: "2" };
  const refused = ["HW422", "entries"];
  assert.deepEqual(await value(), refused);
  assert.deepEqual(await value(good, good), refused);
  assert.deepEqual(await value({ ...good, value: "two" }), refused);
  assert.deepEqual(await value({ ...good, tag: "chairs" }), refused);
  assert.deepEqual(await value({ ...good, personId: null }), refused);
  assert.deepEqual(await value({ ...good, personId: elsewhere.person }), refused);
  assert.deepEqual(await value(...Array(1001).fill({ tag: "seats" })), refused);
  assert.deepEqual(refusalOf(await tutor(campaignRecipients, { campaignId: id, state: "lost" })), [
    "HW422",
    "state",
  ]);
  const again = { campaignId: id, clientId: randomUUID(), state: "lost" };
  assert.deepEqual(refusalOf(await tutor(resendCampaign, { input: again })), ["HW422", "state"]);
  assert.deepEqual(refusalOf(await act(tutor, "send", empty)), ["HW409", undefined]);
  assert.deepEqual(refusalOf(await act(tutor, "pause", id)), ["HW409", undefined]);
  assert.deepEqual(refusalOf(await act(tutor, "resume", id)), ["HW409", undefined]);
  for (const verb of ["send", "pause", "resume", "cancel"] as const)
    assert.deepEqual(refusalOf(await act(tutor, verb, randomUUID())), ["HW404", undefined]);
  assert.deepEqual(await traces(), before);
});

test("pledges and payments with bad input are refused", async () => {
  const pledgeId = await pledgeOfAni();
  const before = await traces();
  const pledging = async (pledges: object[], extra: object = {}) =>
    refusalOf(
      await tutor(setPledges, { input: { groupId: school.classId, purpose: "roof", pledges, ...extra } }),
    );
  const refused = ["HW422", "pledges"];
  assert.deepEqual(await pledging([]), refused);
  assert.deepEqual(await pledging([euros(-1)]), refused);
  assert.deepEqual(await pledging([euros("2000000000000000")]), refused);
  assert.deepEqual(await pledging([euros(1, { currency: "EURO" })]), refused);
  assert.deepEqual(await pledging([euros(1, { currency: null })]), refused);
  assert.deepEqual(await pledging([euros(1, { personId: null })]), refused);
  assert.deepEqual(await pledging([euros(1), euros(2)]), refused);
  assert.deepEqual(await pledging([euros(1, { personId: elsewhere.person })]), refused);
  assert.deepEqual(await pledging(Array(1001).fill(euros(1))), refused);
  assert.deepEqual(await pledging([euros(1)], { purpose: " " }), ["HW422", "purpose"]);
  assert.deepEqual(await pledging([euros(1)], { groupId: null }), ["HW403", undefined]);
  const paying = async (changes: object) =>
    refusalOf(
      await tutor(recordPayment, { input: { pledgeId, amount: "1", clientId: randomUUID(), ...changes } }),
    );
  assert.deepEqual(await paying({ amount: "0" }), ["HW422", "amount"]);
  assert.deepEqual(await paying({ amount: "2000000000000000" }), ["HW422", "amount"]);
  assert.deepEqual(await paying({ reference: "x".repeat(201) }), ["HW422", "reference"]);
  assert.deepEqual(await paying({ pledgeId: randomUUID() }), ["HW404", undefined]);
  assert.equal((await paying({ amount: "a lot" }))[0], "HW422");
  assert.deepEqual(await traces(), before);
});

test("a payment is recorded once per clientId, and fixes the currency; the balance is derived", async () => {
  const pledgeId = await pledgeOfAni();
  const input = { pledgeId, amount: "300", clientId: randomUUID() };
  const first = await tutor(recordPayment, { input });
  assert.deepEqual(first.errors, []);
  assert.deepEqual((await tutor(recordPayment, { input: { ...input, amount: "999" } })).data, first.data);
  assert.deepEqual(first.data.recordPayment.result.pledge, { paidAmount: "300", balance: "700" });
  const dollars = { groupId: school.classId, purpose: "roof", pledges: [euros(1000, { currency: "USD" })] };
  assert.deepEqual(refusalOf(await tutor(setPledges, { input: dollars })), ["HW409", undefined]);
  const more = { groupId: school.classId, purpose: "roof", pledges: [euros(2000)] };
  assert.equal((await tutor(setPledges, { input: more })).data.setPledges.result[0].balance, "1700");
});
