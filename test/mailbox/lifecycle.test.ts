import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import type { ServerClient } from "postmark";
import { openMailbox, type TestMailbox } from "../support/mailbox.ts";
import { openReceiver } from "./receiver.ts";

let mailbox: TestMailbox;
let client: ServerClient;

before(async () => {
  mailbox = await openMailbox();
  client = mailbox.client();
});
after(() => mailbox[Symbol.asyncDispose]());
beforeEach(() => mailbox.control("POST", "reset", {}));

const letter = {
  From: "School <mail@school.test>",
  To: "ada@school.test",
  Subject: "Hello",
  TextBody: "Hello Ada",
  Tag: "greeting",
};

for (const [to, events] of [
  ["ada@school.test", ["Delivered"]],
  ["hardbounce@school.test", ["Delivered"]],
  ["hardbounce@mailbox.test", ["Bounced", "SubscriptionChanged"]],
  ["hardbounce+17@mailbox.test", ["Bounced", "SubscriptionChanged"]],
  ["softbounce@mailbox.test", ["Bounced"]],
  ["complaint@mailbox.test", ["Delivered", "Bounced", "SubscriptionChanged"]],
  ["Blocked@bounce-testing.postmarkapp.com", ["Bounced"]],
  ["SpamComplaint@bounce-testing.postmarkapp.com", ["Bounced", "SubscriptionChanged"]],
  ["test@blackhole.postmarkapp.com", ["Delivered"]],
] as const) {
  test(`a letter to ${to}: ${events.join(", ")}`, async () => {
    assert.deepEqual(await eventsOf(await send({ To: to })), events);
  });
}

test("what a bounce leaves behind: /bounces, a suppression, and a refusal of the next letter", async () => {
  const MessageID = await send({ To: "hardbounce@mailbox.test" });
  const { Bounces } = await client.getBounces();
  assert.partialDeepStrictEqual(Bounces, [
    {
      Type: "HardBounce",
      TypeCode: 1,
      Name: "Hard bounce",
      Tag: "greeting",
      MessageID,
      Email: "hardbounce@mailbox.test",
      From: "School <mail@school.test>",
      Inactive: true,
      CanActivate: true,
      DumpAvailable: true,
      Subject: "Hello",
      MessageStream: "outbound",
    },
  ]);
  assert.match((await client.getBounceDump(Bounces[0]?.ID ?? 0)).Body, /does not exist/);
  await assert.rejects(send({ To: "hardbounce@mailbox.test" }), { code: 406 });
  assert.equal(typeof (await send({ To: "hardbounce@mailbox.test", MessageStream: "broadcast" })), "string");
});

test("a complaint is for ever, a soft bounce is not", async () => {
  await send({ To: "complaint@mailbox.test" });
  await send({ To: "softbounce@mailbox.test" });
  const { Suppressions } = await client.getSuppressions("outbound");
  assert.partialDeepStrictEqual(Suppressions, [
    { EmailAddress: "complaint@mailbox.test", SuppressionReason: "SpamComplaint", Origin: "Recipient" },
  ]);
  assert.equal(Suppressions.length, 1);
  const { Bounces } = await client.getBounces();
  assert.deepEqual(
    Bounces.map(({ Type, Inactive, CanActivate }) => [Type, Inactive, CanActivate]),
    [
      ["SoftBounce", false, true],
      ["SpamComplaint", true, false],
    ],
  );
});

test("the header X-PM-Bounce-Type makes a bounce of any letter", async () => {
  const id = await send({ Headers: [{ Name: "X-PM-Bounce-Type", Value: "DnsError" }] });
  assert.deepEqual(await eventsOf(id), ["Bounced"]);
  assert.equal((await client.getBounces()).Bounces[0]?.Type, "DnsError");
});

test("any domain can be magic", async () => {
  await mailbox.control("POST", "settings", { magicDomains: ["*"] });
  assert.deepEqual(await eventsOf(await send({ To: "softbounce@school.test" })), ["Bounced"]);
});

test("slow@ and transient@ arrive when their time has come, and never before", async () => {
  const slow = await send({ To: "slow@mailbox.test" });
  const transient = await send({ To: "transient@mailbox.test" });
  assert.equal((await client.getOutboundMessageDetails(slow)).Status, "Queued");
  await advance(500);
  assert.deepEqual([await eventsOf(slow), await eventsOf(transient)], [[], ["Transient"]]);
  await advance(100);
  assert.deepEqual(
    [await eventsOf(slow), await eventsOf(transient)],
    [["Delivered"], ["Transient", "Delivered"]],
  );
  assert.equal((await client.getOutboundMessageDetails(slow)).Status, "Sent");
});

test("with a delay, a letter is queued until it is delivered", async () => {
  await mailbox.control("POST", "settings", { deliveryDelayMs: 60_000 });
  const id = await send({ Cc: "hardbounce@mailbox.test" });
  assert.equal((await client.getOutboundMessageDetails(id)).Status, "Queued");
  assert.deepEqual(await eventsOf(id), []);
  await advance(60);
  assert.deepEqual((await eventsOf(id)).sort(), ["Bounced", "Delivered", "SubscriptionChanged"]);
});

test("opening a letter and following its links: what a reader does is an event", async () => {
  const id = await send({
    HtmlBody:
      '<body><p><a href="https://school.test/a?x=1&amp;y=2">A</a> <a href="mailto:x@y.test">B</a> ' +
      '<a href="https://school.test/c" data-pm-no-track>C</a></p></body>',
    TextBody: "See https://school.test/t.",
    TrackOpens: true,
    TrackLinks: "HtmlAndText",
  });
  const html = await read(id, "html");
  assert.match(html, /mailto:x@y.test/);
  assert.match(html, /href="https:\/\/school.test\/c"/);
  const [, pixel = ""] = /<img src="([^"]+)"/.exec(html) ?? [];
  const [, link = ""] = /<a href="([^"]+)">A/.exec(html) ?? [];
  const [textLink = ""] = /http\S+[^.]/.exec(await read(id, "text")) ?? [];
  for (let times = 0; times < 2; times++)
    assert.equal((await fetch(pixel)).headers.get("content-type"), "image/svg+xml");
  for (const [from, to] of [
    [link, "https://school.test/a?x=1&y=2"],
    [textLink, "https://school.test/t"],
  ] as const)
    assert.equal((await fetch(from, { redirect: "manual" })).headers.get("location"), to);
  assert.deepEqual(await eventsOf(id), ["Delivered", "Opened", "LinkClicked", "LinkClicked"]);
  const { Opens } = await client.getMessageOpensForSingleMessage(id);
  assert.partialDeepStrictEqual(Opens, [{ MessageID: id, FirstOpen: true, Recipient: "ada@school.test" }]);
  const { Clicks } = await client.getMessageClicksForSingleMessage(id);
  assert.deepEqual(
    Clicks.map(({ OriginalLink, ClickLocation }) => `${ClickLocation} ${OriginalLink}`).sort(),
    ["HTML https://school.test/a?x=1&y=2", "Text https://school.test/t"],
  );
  assert.equal((await fetch(link.replace(/\d+$/, "7"), { redirect: "manual" })).status, 404);
});

test("a letter that asks for no tracking is left as it is, and runs no scripts where it is shown", async () => {
  const HtmlBody = '<p><a href="https://school.test/">A</a></p>';
  const id = await send({ HtmlBody });
  assert.equal(await read(id, "html"), `<base target="_blank">${HtmlBody}`);
  assert.equal(await read(id, "text"), "Hello Ada");
  const shown = await fetch(`${mailbox.url}/_letter/${id}/ada@school.test/html`);
  assert.match(shown.headers.get("content-security-policy") ?? "", /^sandbox .*script-src 'none'/);
  assert.equal((await fetch(`${mailbox.url}/_letter/${id}/grace@school.test/html`)).status, 404);
  await assert.rejects(event("open", id), /without TrackOpens/);
  await assert.rejects(event("click", id), /no such tracked link/);
});

test("one-click unsubscribe posts to the letter's own address, as RFC 8058 says", async () => {
  await using school = await openReceiver();
  const Headers = [
    { Name: "List-Unsubscribe", Value: `<mailto:out@school.test>, <${school.url}/unsubscribe/token>` },
    { Name: "List-Unsubscribe-Post", Value: "List-Unsubscribe=One-Click" },
  ];
  const id = await send({ Headers });
  assert.partialDeepStrictEqual(await event("unsubscribe", id), { by: "sender", answer: 200 });
  await send({ Headers, To: "unsubscribe@mailbox.test" });
  await advance(0);
  assert.deepEqual(
    school.received.map(({ path, text, headers }) => [path, text, headers["content-type"]]),
    Array(2).fill(["/unsubscribe/token", "List-Unsubscribe=One-Click", "application/x-www-form-urlencoded"]),
  );
  assert.deepEqual(await eventsOf(id), ["Delivered"]);
  const without = await send({ Headers: Headers.slice(0, 1) });
  assert.partialDeepStrictEqual(await event("unsubscribe", without), { by: "none" });
});

test("on a broadcast stream the service itself unsubscribes, by a link in each letter", async () => {
  const HtmlBody = '<body>News. <a href="{{{ pm:unsubscribe }}}">Leave</a></body>';
  const TextBody = "News.";
  const id = await send({ HtmlBody, TextBody, MessageStream: "broadcast" });
  const [, way = ""] = /<a href="([^"]+)">Leave/.exec(await read(id, "html")) ?? [];
  assert.match(await read(id, "text"), new RegExp(`Unsubscribe: ${way}`));
  assert.match(await (await fetch(way)).text(), /method="post"/);
  assert.deepEqual(await eventsOf(id), ["Delivered"], "to ask is not to act");
  await fetch(way, { method: "POST" });
  assert.deepEqual(await eventsOf(id), ["Delivered", "SubscriptionChanged"]);
  assert.partialDeepStrictEqual((await client.getSuppressions("broadcast")).Suppressions, [
    { EmailAddress: "ada@school.test", SuppressionReason: "ManualSuppression", Origin: "Recipient" },
  ]);
  assert.deepEqual((await client.getSuppressions("outbound")).Suppressions, []);
  const other = await send({ To: "grace@school.test", MessageStream: "broadcast" });
  assert.partialDeepStrictEqual(await event("unsubscribe", other), { by: "service" });
});

async function send(change: object = {}): Promise<string> {
  return (await client.sendEmail({ ...letter, ...change })).MessageID;
}

async function eventsOf(id: string): Promise<string[]> {
  return (await client.getOutboundMessageDetails(id)).MessageEvents.map(({ Type }) => Type);
}

async function read(id: string, kind: "html" | "text"): Promise<string> {
  return (await fetch(`${mailbox.url}/_letter/${id}/ada@school.test/${kind}`)).text();
}

function event(kind: string, messageId: string): Promise<object> {
  return mailbox.control("POST", `events/${kind}`, { messageId });
}

function advance(seconds: number): Promise<object> {
  return mailbox.control("POST", "clock/advance", { seconds });
}
