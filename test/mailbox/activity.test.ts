import assert from "node:assert/strict";
import path from "node:path";
import { after, before, test } from "node:test";
import type { ServerClient } from "postmark";
import { bounceTypes } from "#mailbox/bounce-types.ts";
import { type Mailbox, startMailbox } from "#mailbox/mailbox.ts";
import { insertBounce } from "#mailbox/store/bounces.ts";
import { insertEvent, type Tracking } from "#mailbox/store/events.ts";
import { openStore, type Store } from "#mailbox/store/store.ts";
import { addSuppression } from "#mailbox/store/suppressions.ts";
import { clientAt } from "../support/mailbox.ts";
import { openFolder } from "../support/process.ts";

const life = new AsyncDisposableStack();
let mailbox: Mailbox;
let store: Store;
let client: ServerClient;
let messageId: string;

before(async () => {
  const file = path.join(life.use(await openFolder()).path, "mailbox.db");
  mailbox = life.use(await startMailbox({ file }));
  store = life.use(openStore(file));
  client = clientAt(mailbox.url);
  messageId = (await client.sendEmail({ ...message, TrackOpens: true, Tag: "news" })).MessageID;
});

after(() => life.disposeAsync());

const message = { From: "mail@school.test", To: "ada@school.test", Subject: "Hello", TextBody: "Hello Ada" };

function bounce(type: string, email = "ada@school.test"): number {
  const { description, inactive = false, canActivate = false } = bounceTypes.get(type) ?? {};
  return insertBounce(store, {
    ...{
      messageId,
      stream: "outbound",
      type,
      email,
      from: message.From,
      subject: message.Subject,
      tag: "news",
    },
    ...{
      description: description ?? "",
      details: "550",
      dump: "raw",
      inactive,
      canActivate,
      bouncedAt: new Date(),
    },
  }).id;
}

test("bounces are found by every filter, one by one and raw, and counted by type", async () => {
  const hard = bounce("HardBounce");
  bounce("SoftBounce", "bea@school.test");
  assert.partialDeepStrictEqual(await client.getBounce(hard), {
    ...{ RecordType: "Bounce", ID: hard, Type: "HardBounce", TypeCode: 1, Name: "Hard bounce", Tag: "news" },
    ...{
      MessageID: messageId,
      ServerID: 1,
      MessageStream: "outbound",
      Email: "ada@school.test",
      Details: "550",
    },
    ...{ DumpAvailable: true, Inactive: true, CanActivate: true, Subject: "Hello", From: "mail@school.test" },
  });
  assert.deepEqual(await client.getBounceDump(hard), { Body: "raw" });
  const find = async (filter: object) => (await client.getBounces(filter)).Bounces.map(({ Type }) => Type);
  assert.deepEqual(await find({}), ["SoftBounce", "HardBounce"]);
  assert.deepEqual(await find({ count: 1, offset: 1 }), ["HardBounce"]);
  assert.deepEqual(await find({ type: "SoftBounce" }), ["SoftBounce"]);
  assert.deepEqual(await find({ inactive: true }), ["HardBounce"]);
  assert.deepEqual(await find({ emailFilter: "BEA" }), ["SoftBounce"]);
  assert.deepEqual(await find({ messageID: messageId, tag: "news" }), ["SoftBounce", "HardBounce"]);
  assert.deepEqual(await find({ messageStream: "broadcast" }), []);
  assert.deepEqual(await find({ toDate: "2020-01-01" }), []);
  await assert.rejects(find({ type: "Bad" }), { code: 1000 });
  await assert.rejects(find({ count: 501 }), { code: 1000 });
  await assert.rejects(client.getBounce(999), { code: 1001 });
  assert.deepEqual(await client.getDeliveryStatistics(), {
    InactiveMails: 0,
    Bounces: [
      { Name: "All", Count: 2 },
      { Type: "HardBounce", Name: "Hard bounce", Count: 1 },
      { Type: "SoftBounce", Name: "Soft bounce", Count: 1 },
    ],
  });
});

test("an address is written to again after its bounce is activated; a complaint is for ever", async () => {
  const suppression = { stream: "outbound", origin: "Recipient", createdAt: new Date() } as const;
  const hard = bounce("HardBounce", "back@school.test");
  addSuppression(store, { ...suppression, address: "back@school.test", reason: "HardBounce" });
  await assert.rejects(client.sendEmail({ ...message, To: "back@school.test" }), { code: 406 });
  assert.partialDeepStrictEqual(await client.activateBounce(hard), {
    Message: "OK",
    Bounce: { Inactive: false },
  });
  assert.equal((await client.sendEmail({ ...message, To: "back@school.test" })).ErrorCode, 0);

  addSuppression(store, { ...suppression, address: "angry@school.test", reason: "SpamComplaint" });
  await assert.rejects(client.activateBounce(bounce("SpamComplaint", "angry@school.test")), { code: 1003 });
  const Suppressions = [{ EmailAddress: "angry@school.test" }];
  const failed = {
    ...{ EmailAddress: "angry@school.test", Status: "Failed" },
    Message: "You do not have the required authority to change this suppression.",
  };
  assert.deepEqual(await client.deleteSuppressions("outbound", { Suppressions }), { Suppressions: [failed] });
  assert.deepEqual(await client.createSuppressions("outbound", { Suppressions }), { Suppressions: [failed] });
});

const tracking: Tracking = {
  Client: { Name: "Chrome 1", Company: "Google", Family: "Chrome" },
  OS: { Name: "OS X", Company: "Apple", Family: "OS X" },
  ...{ Platform: "Desktop", UserAgent: "Mozilla", Geo: { City: "Berlin" } },
};

test("opens and clicks are listed, filtered, shown with their letter, and counted by day", async () => {
  const event = { messageId, recipient: "ada@school.test", details: {}, receivedAt: new Date() };
  insertEvent(store, {
    ...event,
    type: "Opened",
    tracking: { ...tracking, FirstOpen: true, ReadSeconds: 4 },
  });
  insertEvent(store, { ...event, type: "Opened", tracking: { ...tracking, FirstOpen: false } });
  const click = { ClickLocation: "HTML", OriginalLink: "https://school.test/" } as const;
  insertEvent(store, { ...event, type: "LinkClicked", tracking: { ...tracking, ...click } });
  const opens = await client.getMessageOpens({ count: 5 });
  assert.equal(opens.TotalCount, 1, "only the first is kept");
  assert.partialDeepStrictEqual(opens.Opens[0], {
    ...{
      RecordType: "Open",
      MessageID: messageId,
      Recipient: "ada@school.test",
      Tag: "news",
      ReadSeconds: 4,
    },
  });
  assert.deepEqual(await client.getMessageOpensForSingleMessage(messageId), opens);
  assert.equal((await client.getMessageOpens({ client_name: "chrome 1", tag: "news" })).TotalCount, 1);
  assert.equal((await client.getMessageOpens({ os_family: "Windows" })).TotalCount, 0);
  assert.equal((await client.getMessageClicks({ messageStream: "broadcast" })).TotalCount, 0);
  assert.equal(
    (await client.getMessageClicksForSingleMessage(messageId)).Clicks[0]?.OriginalLink,
    "https://school.test/",
  );
  const { MessageEvents } = await client.getOutboundMessageDetails(messageId);
  assert.deepEqual(MessageEvents.map(({ Type }) => Type).sort(), [
    "Delivered",
    "LinkClicked",
    "Opened",
    "Opened",
  ]);

  const overview = await client.getOutboundOverview();
  assert.partialDeepStrictEqual(overview, {
    Sent: 2,
    Bounced: 3,
    SpamComplaints: 1,
    Opens: 2,
    UniqueOpens: 1,
  });
  assert.partialDeepStrictEqual(overview, {
    Tracked: 1,
    WithOpenTracking: 1,
    TotalClicks: 1,
    BounceRate: 150,
  });
  const sent = await client.getSentCounts();
  assert.deepEqual([sent.Sent, sent.Days.length, sent.Days[0]?.Sent], [2, 1, 2]);
  assert.equal((await client.getSentCounts({ messageStream: "broadcast" })).Sent, 0);
  assert.equal((await client.getSentCounts({ toDate: "2020-01-01" })).Sent, 0);
  assert.partialDeepStrictEqual(await client.getBounceCounts({ tag: "news" }), {
    HardBounce: 2,
    SoftBounce: 1,
  });
  assert.equal((await client.getSpamComplaintsCounts()).SpamComplaint, 1);
  assert.equal((await client.getTrackedEmailCounts()).Tracked, 1);
  assert.partialDeepStrictEqual(await client.getEmailOpenCounts(), { Opens: 2, Unique: 1 });
  assert.partialDeepStrictEqual(await client.getEmailOpenPlatformUsage(), { Desktop: 2 });
  assert.partialDeepStrictEqual(await client.getEmailOpenClientUsage(), { "Chrome 1": 2 });
  assert.partialDeepStrictEqual(await client.getEmailOpenReadTimes(), { "4s": 1 });
  assert.partialDeepStrictEqual(await client.getClickCounts(), { Clicks: 1, Unique: 1 });
  assert.partialDeepStrictEqual(await client.getClickBrowserUsage(), { Chrome: 1 });
  assert.partialDeepStrictEqual(await client.getClickPlatformUsage(), { Desktop: 1 });
  assert.partialDeepStrictEqual(await client.getClickLocation(), { HTML: 1 });
});
