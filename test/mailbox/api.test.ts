import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Errors, Models, ServerClient } from "postmark";
import { openMailbox, type TestMailbox } from "../support/mailbox.ts";

let mailbox: TestMailbox;
let client: ServerClient;

before(async () => {
  mailbox = await openMailbox();
  client = mailbox.client();
});

after(() => mailbox[Symbol.asyncDispose]());

const message = { From: "mail@school.test", To: "ada@school.test", Subject: "Hello", TextBody: "Hello Ada" };
const easternTime = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{7}-0[45]:00$/;

const suppress = (...addresses: string[]) =>
  client.createSuppressions("outbound", {
    Suppressions: addresses.map((EmailAddress) => ({ EmailAddress })),
  });

test("who is suppressed gets nothing: alone 406 in the client's words, in a batch with a space at the end, beside others the others get it", async () => {
  await suppress("gone@school.test", "left@school.test");
  await assert.rejects(
    client.sendEmail({ ...message, To: "Gone <gone@school.test>, LEFT@school.test" }),
    (error: Errors.InactiveRecipientsError) => {
      assert.equal(error.name, "InactiveRecipientsError");
      assert.deepEqual(error.recipients, ["gone@school.test", "left@school.test"]);
      assert.equal(
        error.message,
        "You tried to send to recipient(s) that have been marked as inactive. Found inactive addresses: " +
          "gone@school.test, left@school.test. Inactive recipients are ones that have generated a hard bounce, " +
          "a spam complaint, or a manual suppression.",
      );
      return error.code === 406 && error.statusCode === 422;
    },
  );
  const [refused, partly, fine] = await client.sendEmailBatch([
    { ...message, To: "gone@school.test" },
    { ...message, To: "gone@school.test, ada@school.test" },
    message,
  ]);
  assert.deepEqual(refused, {
    ErrorCode: 406,
    Message:
      "You tried to send to a recipient that has been marked as inactive. Found inactive addresses: gone@school.test. " +
      "Inactive recipients are ones that have generated a hard bounce, a spam complaint, or a manual suppression. ",
  });
  assert.partialDeepStrictEqual(partly, {
    ErrorCode: 0,
    Message: "Message OK, but will not deliver to these inactive addresses: gone@school.test.",
  });
  assert.equal(fine?.Message, "OK");
  const kept = (await mailbox.received()).find(({ id }) => id === partly?.MessageID);
  assert.deepEqual(kept?.recipients, ["ada@school.test"]);
  assert.equal(
    (await client.sendEmail({ ...message, To: "gone@school.test", MessageStream: "broadcast" })).ErrorCode,
    0,
  );
});

test("suppressions: each item says what became of it, a dump takes every filter, and nobody takes a complaint back", async () => {
  assert.deepEqual(await suppress("Grace@school.test", "nobody"), {
    Suppressions: [
      { EmailAddress: "Grace@school.test", Status: "Suppressed", Message: null },
      { EmailAddress: "nobody", Status: "Failed", Message: "An invalid email address was provided." },
    ],
  });
  const dump = (filter: object) => client.getSuppressions("outbound", filter as never);
  const { Suppressions } = await dump({ emailAddress: "grace@school.test" });
  assert.equal(Suppressions.length, 1);
  assert.match(Suppressions[0]?.CreatedAt ?? "", easternTime);
  assert.partialDeepStrictEqual(Suppressions[0], {
    EmailAddress: "grace@school.test",
    SuppressionReason: "ManualSuppression",
    Origin: "Customer",
  });
  assert.equal(
    (await dump({ origin: "customer", suppressionReason: "manualSuppression" })).Suppressions.length,
    3,
  );
  assert.deepEqual((await dump({ origin: "Recipient" })).Suppressions, []);
  assert.deepEqual((await dump({ toDate: "2020-01-01" })).Suppressions, []);
  assert.equal((await dump({ fromDate: "2020-01-01" })).Suppressions.length, 3);
  assert.deepEqual(
    await client.deleteSuppressions("outbound", {
      Suppressions: [{ EmailAddress: "grace@school.test" }, { EmailAddress: "never@school.test" }],
    }),
    {
      Suppressions: [
        { EmailAddress: "grace@school.test", Status: "Deleted", Message: null },
        { EmailAddress: "never@school.test", Status: "Deleted", Message: null },
      ],
    },
  );
  assert.equal((await client.sendEmail({ ...message, To: "grace@school.test" })).ErrorCode, 0);
  await assert.rejects(suppress(...Array(51).fill("a@b.test")), { statusCode: 422, code: 1410 });
  assert.equal((await suppress(...Array(50).fill("fifty@b.test"))).Suppressions.length, 50);
  await assert.rejects(dump({ origin: "Nobody" }), { code: 1405 });
  await assert.rejects(dump({ suppressionReason: "Boredom" }), { code: 1404 });
  await assert.rejects(client.getSuppressions("nowhere"), { code: 1226 });
  await assert.rejects(client.createSuppressions("outbound", [] as never), { code: 1409 });
});

test("streams are made, edited, archived and brought back, and each rule has its code", async () => {
  const made = await client.createMessageStream({
    ...{ ID: "news", Name: "News", MessageStreamType: "Broadcasts", Description: "To all" },
  });
  assert.partialDeepStrictEqual(made, {
    ...{ ID: "news", ServerID: 1, Name: "News", MessageStreamType: "Broadcasts", Description: "To all" },
    SubscriptionManagementConfiguration: { UnsubscribeHandlingType: "Postmark" },
  });
  assert.match(made.CreatedAt, easternTime);
  assert.equal((await client.editMessageStream("news", { Name: "Newer" })).Name, "Newer");
  assert.equal((await client.getMessageStream("news")).Description, "To all");
  assert.equal((await client.sendEmail({ ...message, MessageStream: "news" })).ErrorCode, 0);
  assert.match((await client.archiveMessageStream("news")).ExpectedPurgeDate, easternTime);
  await assert.rejects(client.sendEmail({ ...message, MessageStream: "news" }), {
    code: 1235,
    message: "The stream provided: 'news' does not exist on this server.",
  });
  const ids = async (filter: object) =>
    (await client.getMessageStreams(filter)).MessageStreams.map(({ ID }) => ID).sort();
  assert.deepEqual(await ids({}), ["broadcast", "inbound", "outbound"]);
  assert.deepEqual(await ids({ includeArchivedStreams: true }), ["broadcast", "inbound", "news", "outbound"]);
  assert.deepEqual(await ids({ messageStreamType: "Transactional" }), ["outbound"]);
  assert.equal((await client.unarchiveMessageStream("news")).ArchivedAt, null);
  const make = (change: object) =>
    client.createMessageStream({ ID: "fine", Name: "N", MessageStreamType: "Transactional", ...change });
  for (const [change, code] of [
    [{ ID: "news" }, 1230],
    [{ ID: "Upper" }, 1227],
    [{ ID: "1digit" }, 1227],
    [{ ID: "x".repeat(31) }, 1227],
    [{ ID: "pm-mine" }, 1233],
    [{ ID: "" }, 1222],
    [{ Name: "" }, 1223],
    [{ Name: "x".repeat(101) }, 1224],
    [{ Description: "<b>" }, 1234],
    [{ MessageStreamType: "Inbound" }, 1228],
    [{ MessageStreamType: "Other" }, 1221],
  ] as const)
    await assert.rejects(make(change), { statusCode: 422, code }, JSON.stringify(change));
  for (let n = 0; n < 6; n++) await make({ ID: `room${n}` });
  await assert.rejects(make({ ID: "eleventh" }), { code: 1225 });
  await assert.rejects(client.archiveMessageStream("outbound"), { code: 1229 });
  await assert.rejects(client.unarchiveMessageStream("outbound"), { code: 1232 });
  await assert.rejects(client.getMessageStream("nowhere"), { code: 1226 });
});

test("the server is read and edited", async () => {
  assert.equal((await client.getServer()).DeliveryType, "Sandbox");
  assert.equal((await client.editServer({ Name: "Ours", TrackOpens: true })).Name, "Ours");
  assert.partialDeepStrictEqual(await client.getServer(), { ID: 1, Name: "Ours", TrackOpens: true });
  await assert.rejects(client.editServer({ Color: "Beige" }), { code: 607 });
  await assert.rejects(client.editServer({ InboundSpamThreshold: 31 }), { code: 611 });
});

test("a letter's source is a whole message, with its own Message-ID when it has one", async () => {
  const { MessageID } = await client.sendEmail({
    ...message,
    ...{ Subject: "Grüße", HtmlBody: "<p>Hello</p>", Tag: "t" },
    Headers: [{ Name: "Message-ID", Value: "<own@school.test>" }],
    Attachments: [{ Name: "a.txt", Content: "aGk=", ContentType: "text/plain", ContentID: null }],
  });
  const { Body } = await client.getOutboundMessageDump(MessageID);
  assert.match(Body, /^From: mail@school\.test\r\nTo: ada@school\.test\r\n/);
  assert.match(Body, /Subject: =\?utf-8\?B\?R3LDvMOfZQ==\?=\r\n/);
  assert.match(Body, /Message-ID: <own@school\.test>/);
  assert.doesNotMatch(Body, /mtasv/);
  assert.match(
    Body,
    /multipart\/alternative[\s\S]*text\/plain[\s\S]*Hello Ada[\s\S]*text\/html[\s\S]*<p>Hello/,
  );
  assert.match(Body, /filename="a\.txt"\r\n\r\naGk=/);
  const details = await client.getOutboundMessageDetails(MessageID);
  assert.equal(details.Body, Body);
  assert.deepEqual(details.Attachments, ["a.txt"]);
});

test("a bulk send is all or nothing, fills each message and counts who could not get it", async () => {
  const bulk = (Messages: object[], more: object = {}) =>
    client.sendBulkEmail({
      ...{ From: "mail@school.test", Subject: "Dear {{name}}", TextBody: "You, {{name}}", ...more },
      Messages: Messages as Models.BulkEmailMessage[],
    });
  await client.createSuppressions("broadcast", { Suppressions: [{ EmailAddress: "off@school.test" }] });
  const sent = await bulk([
    { To: "a@school.test", TemplateModel: { name: "Ada" }, Metadata: { mid: "bulk-1" } },
    { To: "off@school.test" },
  ]);
  assert.equal(sent.Status, "Accepted");
  assert.partialDeepStrictEqual(await client.getBulkEmailStatus(sent.Id), {
    ...{ Status: "Completed", TotalMessages: 2, PercentageCompleted: 100, ReleasedCount: 1, FailedCount: 1 },
  });
  const { Messages } = await client.getOutboundMessages({
    messageStream: "broadcast",
    metadata_mid: "bulk-1",
  });
  assert.deepEqual(
    Messages.map(({ Subject }) => Subject),
    ["Dear Ada"],
  );
  const before = (await mailbox.received()).length;
  await assert.rejects(bulk([{ To: "fine@school.test" }, { To: "bad" }]), { code: 300 });
  await assert.rejects(bulk([{ To: "bad" }, { To: "worse" }]), { name: "ApiInputError", code: 11 });
  await assert.rejects(bulk([{ To: "a@school.test" }], { MessageStream: "outbound" }), { code: 1236 });
  await assert.rejects(bulk([{ To: "a@school.test" }], { MessageStream: "nowhere" }), { code: 1226 });
  await assert.rejects(client.getBulkEmailStatus(crypto.randomUUID()), { statusCode: 404, code: 12 });
  assert.equal((await mailbox.received()).length, before);
  await mailbox.control("POST", "settings", { bulkApproved: false });
  await assert.rejects(bulk([{ To: "a@school.test" }]), { code: 14, message: /requires approval/ });
  await mailbox.control("POST", "settings", { bulkApproved: true });
});

test("webhooks are kept with all they say, edited in part, and refused with their codes", async () => {
  const webhook = await client.createWebhook({
    Url: "http://127.0.0.1:9/hook",
    HttpAuth: { Username: "u", Password: "p" },
    HttpHeaders: [{ Name: "X-Own", Value: "1" }],
    Triggers: { Delivery: { Enabled: true }, Bounce: { Enabled: true, IncludeContent: true } },
    ...({ Verify: false } as object),
  });
  assert.deepEqual(webhook, {
    ID: webhook.ID,
    Url: "http://127.0.0.1:9/hook",
    MessageStream: "outbound",
    Status: "unverified",
    HttpAuth: { Username: "u", Password: "p" },
    HttpHeaders: [{ Name: "X-Own", Value: "1" }],
    Triggers: {
      Open: { Enabled: false, PostFirstOpenOnly: false },
      Click: { Enabled: false },
      Delivery: { Enabled: true },
      Bounce: { Enabled: true, IncludeContent: true },
      SpamComplaint: { Enabled: false, IncludeContent: false },
      SubscriptionChange: { Enabled: false },
    },
  } as Models.Webhook);
  const edited = await client.editWebhook(webhook.ID, {
    Triggers: { Delivery: { Enabled: false } },
    ...({ Verify: false } as object),
  });
  assert.equal(edited.Triggers.Delivery.Enabled, false);
  assert.equal(edited.Triggers.Bounce.IncludeContent, true);
  assert.deepEqual(await client.getWebhook(webhook.ID), edited);
  assert.deepEqual((await client.getWebhooks({ messageStream: "outbound" })).Webhooks, [edited]);
  assert.deepEqual((await client.getWebhooks({ messageStream: "broadcast" })).Webhooks, []);
  const make = (change: object) =>
    client.createWebhook({ Url: "http://127.0.0.1:9/", ...change, ...{ Verify: false } });
  for (const [change, code] of [
    [{ Url: "somewhere" }, 1354],
    [{ Url: "ftp://a.test" }, 1354],
    [{ ID: 7 }, 1356],
    [{ Status: "verified" }, 1363],
    [{ MessageStream: "inbound" }, 1351],
    [{ MessageStream: "nowhere" }, 1226],
    [{ HttpHeaders: [{ Name: "not a name", Value: "" }] }, 1358],
    [{ Triggers: { Open: { Enabled: "yes" } } }, 1361],
  ] as const)
    await assert.rejects(make(change), { statusCode: 422, code }, JSON.stringify(change));
  await assert.rejects(client.editWebhook(webhook.ID, { MessageStream: "broadcast" } as never), {
    code: 1357,
  });
  for (let n = 1; n < 10; n++) await make({});
  await assert.rejects(make({}), { code: 1359 });
  assert.equal((await client.deleteWebhook(webhook.ID)).ErrorCode, 0);
  await assert.rejects(client.getWebhook(webhook.ID), { code: 1352 });
});
