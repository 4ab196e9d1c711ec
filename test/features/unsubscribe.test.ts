import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { openPost, type Post } from "./unsubscribe-support.ts";

let post: Post;
before(async () => {
  post = await openPost();
});
after(() => post[Symbol.asyncDispose]());

const oneClick = { "List-Unsubscribe": "One-Click" };

const frequency = (personId: string, category = "event") =>
  post.value(
    "select frequency from notify.preferences where person_id = $1 and category = $2",
    personId,
    category,
  );

test("GET asks and changes nothing, whoever follows the link", async () => {
  const personId = await post.person("ani@school.test", "id");
  await post.value("update app.community set name = 'SMA <1>', colour = '#aa3300'");
  const token = await post.letter({ to: "ani@school.test", personId });
  const asked = await post.ask(`/unsubscribe/${token}`);
  assert.equal(asked.status, 200);
  assert.match(asked.headers.get("content-type") ?? "", /^text\/html/);
  assert.match(asked.page, /<html lang="id">[\s\S]*Berhenti menerima surel “Acara”\?/);
  assert.match(asked.page, /SMA &#60;1&#62;[\s\S]*a\*\*\*@school\.test[\s\S]*<form method="post"/);
  assert.match(asked.page, /--colour: #aa3300; --on-colour: #ffffff/);
  assert.doesNotMatch(asked.page, /<script|ani@school/);
  const { headers } = asked;
  assert.deepEqual(
    ["cache-control", "x-robots-tag", "referrer-policy", "set-cookie"].map((name) => headers.get(name)),
    ["no-store", "noindex, nofollow", "no-referrer", null],
  );
  assert.equal(await frequency(personId), undefined);
  assert.equal(await post.value("select count(*)::int from mail.delivery_events"), 0);
});

for (const [encoding, form] of [
  ["application/x-www-form-urlencoded", oneClick],
  ["multipart/form-data", formData(oneClick)],
] as const)
  test(`one click as ${encoding}: off at once, for what waits too, again without effect`, async () => {
    const address = `${encoding.length}@school.test`;
    const personId = await post.person(address);
    const token = await post.letter({ to: address, personId });
    const later = await post.letter({ to: address, personId });
    const grades = await post.letter({ to: address, personId, category: "grade" });
    for (const _ of [1, 2]) {
      const clicked = await post.ask(`/unsubscribe/${token}`, form);
      assert.deepEqual([clicked.status, clicked.page, clicked.headers.get("set-cookie")], [200, "", null]);
    }
    assert.deepEqual([await frequency(personId), await frequency(personId, "grade")], ["off", undefined]);
    const state = (of: string) =>
      post.value("select state from mail.letters where unsubscribe_token = $1", of);
    assert.deepEqual([await state(later), await state(grades)], ["cancelled", "queued"]);
    const events = `select array_agg(e.kind) from mail.delivery_events e join mail.letters l on l.id = e.letter_id
      where l.unsubscribe_token = $1`;
    assert.deepEqual(await post.value(events, token), ["unsubscribed"]);
  });

test("a form shows what it has done, and undo brings back what was before", async () => {
  const personId = await post.person("budi@school.test");
  await post.value("select notify.prefer($1, 'event', 'mail', 'digest-weekly')", personId);
  const token = await post.letter({ to: "budi@school.test", personId });
  const left = await post.ask(`/unsubscribe/${token}`, { leave: "1" });
  assert.match(left.page, /You get no more mail about “Events”/);
  assert.equal(await frequency(personId), "off");
  const undo = /name="undo" value="([^"]*)"/.exec(left.page)?.[1]?.replaceAll("&#34;", '"') ?? "";
  const back = await post.ask(`/unsubscribe/${token}`, { undo });
  assert.match(back.page, /You get mail about “Events” again/);
  assert.equal(await frequency(personId), "digest-weekly");
  for (const odd of ["", "no json", "[]", '{"event": "hourly"}', '{"security": "off"}'])
    assert.equal((await post.ask(`/unsubscribe/${token}`, { undo: odd })).status, 200);
  assert.equal(await frequency(personId), "digest-weekly");
  await post.ask(`/unsubscribe/${token}`, oneClick);
  assert.match((await post.ask(`/unsubscribe/${token}`)).page, /You get no more mail about “Events”/);
});

test("the preference page: all categories without signing in; what always comes cannot be switched off", async () => {
  const personId = await post.person("citra@school.test");
  const token = await post.letter({ to: "citra@school.test", personId, category: "campaign" });
  const { page } = await post.ask(`/preferences/${token}`);
  assert.deepEqual(
    [...page.matchAll(/<select id="([\w-]+)"/g)].map(([, name]) => name),
    ["announcement", "event", "grade", "chat-mention", "chat-direct", "campaign"],
  );
  assert.match(page, /Security[\s\S]*?Always[\s\S]*?Your account[\s\S]*?Always/);
  const saved = await post.ask(`/preferences/${token}`, {
    ...{ grade: "off", event: "digest-daily", campaign: "digest-daily", security: "off", unknown: "off" },
  });
  assert.match(saved.page, /Saved\.[\s\S]*<option value="digest-daily" selected>/);
  const chosen = "select jsonb_object_agg(category, frequency) from notify.preferences where person_id = $1";
  assert.deepEqual(await post.value(chosen, personId), { grade: "off", event: "digest-daily" });
});

test("a token that is none, or no more, is told the same everywhere", async () => {
  const token = await post.letter({
    to: "dewi@school.test",
    personId: await post.person("dewi@school.test"),
  });
  assert.equal((await post.ask(`/preferences/${token}`)).status, 200);
  await post
    .value(
      "delete from mail.words w using mail.letters l where l.id = w.letter_id and l.unsubscribe_token = $1",
      token,
    )
    .catch(() => {});
  await post.value("update mail.letters set state = 'cancelled' where unsubscribe_token = $1", token);
  await post.value("delete from mail.letters where unsubscribe_token = $1", token);
  const pages = new Set<string>();
  const forms: (Record<string, string> | undefined)[] = [
    undefined,
    oneClick,
    { undo: "{}" },
    { grade: "off" },
  ];
  for (const wrong of [token, "0".repeat(32), "x", encodeURIComponent("' or true --"), "%00"])
    for (const room of ["unsubscribe", "preferences"])
      for (const form of forms) {
        const answer = await post.ask(`/${room}/${wrong}`, form);
        assert.equal(answer.status, 404, `${room}/${wrong}`);
        pages.add(answer.page);
      }
  assert.equal(pages.size, 1);
  assert.match([...pages][0] ?? "", /This link does not work any more/);
});

test("an address that nobody signs in with leaves and comes back, category by category", async () => {
  const token = await post.letter({ to: "Nobody@school.test", category: "event" });
  const refused = (category: string) =>
    post.value("select mail.suppression_of('nobody@school.test', 'outbound', $1)", category);
  await post.ask(`/unsubscribe/${token}`, oneClick);
  assert.deepEqual([await refused("event"), await refused("grade")], ["unsubscribed", null]);
  await post.ask(`/preferences/${token}`, { event: "instant" });
  assert.equal(await refused("event"), null);
});

test("leaving a summary turns off what stood in it and what comes in summaries, nothing else", async () => {
  const personId = await post.person("eka@school.test");
  await post.value("select notify.prefer($1, 'chat-direct', 'mail', 'digest-weekly')", personId);
  const token = await post.letter({ to: "eka@school.test", personId, category: "digest" });
  await post.value(
    `with a as (insert into notify.announcements (cause, category, title, body, path) values ('c', 'grade', 't', 'b', '/') returning id),
     n as (insert into notify.notifications (announcement_id, person_id, category) select a.id, $1, 'grade' from a returning id)
     insert into notify.deliveries (notification_id, channel, state, frequency, letter_id)
     select n.id, 'mail', 'handed-over', 'digest-daily', l.id from n, mail.letters l where l.unsubscribe_token = $2`,
    ...[personId, token],
  );
  assert.match((await post.ask(`/unsubscribe/${token}`)).page, /Summaries/);
  await post.ask(`/unsubscribe/${token}`, oneClick);
  const off =
    "select array_agg(category order by category) from notify.preferences where person_id = $1 and frequency = 'off'";
  assert.deepEqual(await post.value(off, personId), ["chat-direct", "grade"]);
});

test("what the mail service says of a subscription is taken over, in whatever order, unless the person chose since", async () => {
  const personId = await post.person("fajar@school.test");
  const started = Date.now();
  const mirror = (
    minutesAgo: number,
    suppressed: boolean,
    stream = "broadcast",
    address = "Fajar@school.test",
  ) => {
    const at = new Date(started - minutesAgo * 60_000);
    return post.value("select notify.mirror_subscription($1, $2, $3, $4)", address, stream, suppressed, at);
  };
  await mirror(60, true);
  assert.deepEqual([await frequency(personId, "campaign"), await frequency(personId)], ["off", undefined]);
  await mirror(30, false);
  await mirror(40, true);
  assert.equal(await frequency(personId, "campaign"), "instant");
  await mirror(20, true, "outbound");
  assert.equal(await frequency(personId, "campaign"), "instant");
  await post.value("select notify.prefer($1, 'campaign', 'mail', 'instant')", personId);
  await mirror(10, true);
  assert.equal(await frequency(personId, "campaign"), "instant");
  await post.value("select notify.prefer($1, 'campaign', 'mail', 'off')", personId);
  await mirror(-10, false);
  assert.equal(await frequency(personId, "campaign"), "off", "a no that was said here is taken back here");
  const refused = () =>
    post.value("select mail.suppression_of('unknown@school.test', 'broadcast', 'campaign')");
  await mirror(10, true, "broadcast", "unknown@school.test");
  assert.equal(await refused(), "unsubscribed");
  await mirror(9, false, "broadcast", "unknown@school.test");
  assert.equal(await refused(), null);
});

test("the webhook's word that somebody has left the broadcast stream stands on the preference page", async () => {
  const personId = await post.person("gita@school.test");
  const token = await post.letter({ to: "gita@school.test", personId, category: "campaign" });
  const change = (ChangedAt: string, values: object) => ({
    ...{
      RecordType: "SubscriptionChange",
      MessageID: null,
      Recipient: "gita@school.test",
      ChangedAt,
      Metadata: {},
    },
    ...{ Origin: "Recipient", MessageStream: "broadcast" },
    ...values,
  });
  const left = { SuppressSending: true, SuppressionReason: "ManualSuppression" };
  const back = { SuppressSending: false, SuppressionReason: null };
  const hear = async (...calls: object[]) => {
    const stored = JSON.stringify(calls.map((payload) => ({ stream: "broadcast", payload })));
    await post.value("select mail.store_calls($1)", stored);
    await post.value("select calls from mail.hear_calls(10)");
    return (await post.ask(`/unsubscribe/${token}`)).page;
  };
  assert.match(await hear(change("2026-11-20T10:04:00Z", left)), /no more mail about “Campaigns”/);
  assert.match(await hear(change("2026-11-20T11:04:00Z", back)), /No more mail about “Campaigns”\?/);
  assert.equal(await frequency(personId, "campaign"), "instant");
});

test("who tries addresses in haste is told to wait", async () => {
  const statuses = await Promise.all(
    Array.from(
      { length: 620 },
      async (_, n) => (await post.ask(`/preferences/${n}`, { grade: "off" })).status,
    ),
  );
  assert.deepEqual([...new Set(statuses)].sort(), [404, 429]);
});

function formData(fields: Record<string, string>): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  return form;
}
