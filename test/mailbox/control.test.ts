import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import type { ServerClient } from "postmark";
import { openMailbox, type TestMailbox } from "../support/mailbox.ts";

let mailbox: TestMailbox;
let client: ServerClient;

before(async () => {
  mailbox = await openMailbox();
  client = mailbox.client();
});
after(() => mailbox[Symbol.asyncDispose]());
beforeEach(() => mailbox.control("POST", "reset", {}));

const letter = { From: "mail@school.test", To: "ada@school.test", Subject: "Hello", TextBody: "Hello Ada" };

test("all letters are seen, whatever their stream, and each by what it carries", async () => {
  await client.sendEmailBatch([
    { ...letter, Tag: "one", Metadata: { mid: "1" } },
    { ...letter, To: "Grace <Grace@school.test>", Subject: "Good-bye", MessageStream: "broadcast" },
  ]);
  const subjects = async (query: string) =>
    (await mailbox.control<{ Messages: { subject: string }[] }>("GET", `messages?${query}`)).Messages.map(
      ({ subject }) => subject,
    );
  assert.deepEqual(await subjects(""), ["Hello", "Good-bye"]);
  assert.deepEqual(await subjects("count=1"), ["Good-bye"]);
  assert.deepEqual(await subjects("to=grace@school.test"), ["Good-bye"]);
  assert.deepEqual(await subjects("tag=one"), ["Hello"]);
  assert.deepEqual(await subjects("stream=broadcast"), ["Good-bye"]);
  assert.deepEqual(await subjects("subject=good"), ["Good-bye"]);
  assert.deepEqual(await subjects("metadata_mid=1"), ["Hello"]);
  assert.deepEqual(await subjects("metadata_mid=2"), []);
});

test("a letter that was handed over twice is a duplicate, one of its own kind is not", async () => {
  const ids: string[] = [];
  for (const mid of ["a", "b", "a"])
    ids.push((await client.sendEmail({ ...letter, Metadata: { mid, bat: "x" } })).MessageID);
  assert.deepEqual(await mailbox.control("GET", "duplicates?by=mid"), [
    { value: "a", count: 2, messageIds: [ids[0], ids[2]] },
  ]);
  assert.deepEqual(await mailbox.control("GET", "duplicates?by=mid&atLeast=1"), [
    { value: "a", count: 2, messageIds: [ids[0], ids[2]] },
    { value: "b", count: 1, messageIds: [ids[1]] },
  ]);
  assert.deepEqual(await mailbox.control("GET", "duplicates?by=nothing"), []);
});

test("settings change one by one, refuse nonsense, and go back at a reset", async () => {
  const initial = await mailbox.control<object>("GET", "settings");
  await mailbox.control("POST", "settings", { searchLagSeconds: 5, webhooks: { duplicate: true } });
  await mailbox.control("POST", "settings", { webhooks: { drop: 0.5 } });
  assert.partialDeepStrictEqual(await mailbox.control("GET", "settings"), {
    searchLagSeconds: 5,
    deliveryDelayMs: 0,
    webhooks: { duplicate: 1, drop: 0.5, reorder: 0 },
  });
  for (const wrong of [
    { lag: 1 },
    { searchLagSeconds: -1 },
    { webhooks: { drop: 2 } },
    { magicDomains: "x" },
  ])
    await assert.rejects(mailbox.control("POST", "settings", wrong), /422/);
  await mailbox.control("POST", "reset", {});
  assert.deepEqual(await mailbox.control("GET", "settings"), initial);
});

test("a bounce and a complaint can be made of any letter, and follow it as real ones would", async () => {
  const { MessageID: messageId } = await client.sendEmail({ ...letter, Cc: "grace@school.test" });
  await mailbox.control("POST", "events/bounce", { messageId, recipient: "Grace@school.test" });
  await mailbox.control("POST", "events/bounce", { messageId, type: "SoftBounce" });
  await mailbox.control("POST", "events/complaint", { messageId });
  const events = (await client.getOutboundMessageDetails(messageId)).MessageEvents.map(
    ({ Type, Recipient }) => `${Type} ${Recipient}`,
  );
  assert.deepEqual(events, [
    "Delivered ada@school.test",
    "Delivered grace@school.test",
    "Bounced grace@school.test",
    "SubscriptionChanged grace@school.test",
    "Bounced ada@school.test",
    "Bounced ada@school.test",
    "SubscriptionChanged ada@school.test",
  ]);
  await assert.rejects(client.sendEmail(letter), { code: 406 });
});

test("an event needs a letter, one of its recipients, and a kind that there is", async () => {
  const { MessageID: messageId } = await client.sendEmail(letter);
  const event = (kind: string, body: object) => mailbox.control("POST", `events/${kind}`, body);
  await assert.rejects(event("bounce", { messageId: crypto.randomUUID() }), /not found/);
  await assert.rejects(
    event("bounce", { messageId, recipient: "x@school.test" }),
    /did not go to x@school.test/,
  );
  await assert.rejects(event("bounce", { messageId, type: "Boomerang" }), /Boomerang is no bounce/);
  await assert.rejects(event("applause", { messageId }), /404/);
});

test("after a reset nothing is left: letters, faults, suppressions, time", async () => {
  await client.sendEmail({ ...letter, To: "hardbounce@mailbox.test" });
  await mailbox.control("POST", "faults", { action: "hang" });
  await mailbox.control("POST", "clock/advance", { seconds: 60 });
  await mailbox.control("POST", "reset", {});
  assert.deepEqual(await mailbox.control("GET", "messages"), { Messages: [] });
  assert.deepEqual(await mailbox.control("GET", "faults"), []);
  assert.equal((await mailbox.control<{ offsetSeconds: number }>("GET", "clock")).offsetSeconds, 0);
  assert.equal((await client.sendEmail({ ...letter, To: "hardbounce@mailbox.test" })).ErrorCode, 0);
});

test("the clock goes forward only, and what is not there is not found", async () => {
  await assert.rejects(mailbox.control("POST", "clock/advance", { seconds: -1 }), /422/);
  await assert.rejects(mailbox.control("GET", "nothing"), /404/);
});
