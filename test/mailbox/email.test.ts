import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { ServerClient } from "postmark";
import { openMailbox, type TestMailbox } from "../support/mailbox.ts";

let mailbox: TestMailbox;
let client: ServerClient;

before(async () => {
  mailbox = await openMailbox();
  client = mailbox.client();
});

after(() => mailbox[Symbol.asyncDispose]());

const message = {
  From: "School <mail@school.test>",
  To: "ada@school.test",
  Subject: "Hello",
  TextBody: "Hello Ada",
};

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const easternTime = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{7}-0[45]:00$/;

test("the unmodified client sends a letter and finds it with its bodies and its delivery", async () => {
  const receipt = await client.sendEmail({ ...message, HtmlBody: "<p>Hello</p>", Tag: "greeting" });
  assert.match(receipt.MessageID, uuid);
  assert.match(receipt.SubmittedAt, easternTime);
  assert.deepEqual(
    { ...receipt, MessageID: 0, SubmittedAt: 0 },
    {
      To: "ada@school.test",
      SubmittedAt: 0,
      MessageID: 0,
      ErrorCode: 0,
      Message: "OK",
    },
  );
  const details = await client.getOutboundMessageDetails(receipt.MessageID);
  assert.partialDeepStrictEqual(details, {
    MessageID: receipt.MessageID,
    ReceivedAt: receipt.SubmittedAt,
    From: "School <mail@school.test>",
    To: [{ Email: "ada@school.test", Name: "" }],
    Recipients: ["ada@school.test"],
    Subject: "Hello",
    HtmlBody: "<p>Hello</p>",
    TextBody: "Hello Ada",
    Tag: "greeting",
    Status: "Sent",
    MessageStream: "outbound",
    MessageEvents: [{ Type: "Delivered", Recipient: "ada@school.test" }],
  });
});

test("a batch answers in its order; an item that is refused has neither recipient nor id", async () => {
  const results = await client.sendEmailBatch([
    message,
    { ...message, To: "nobody" },
    { ...message, MessageStream: "nothing" },
    { ...message, MessageStream: "inbound" },
    { ...message, TextBody: undefined },
    { ...message, Cc: "Grace <grace@school.test>" },
  ]);
  assert.deepEqual(
    results.map((result) => result.ErrorCode),
    [0, 300, 1235, 1236, 300, 0],
  );
  assert.deepEqual(Object.keys(results[1] ?? {}).sort(), ["ErrorCode", "Message"]);
  assert.match(results[1]?.Message ?? "", /Error parsing 'To': Illegal email address 'nobody'/);
  assert.equal(results[4]?.Message, "Provide either email TextBody or HtmlBody or both.");
  assert.match(results[5]?.MessageID ?? "", uuid);
});

const many = (count: number) => Array.from({ length: count }, (_, n) => `p${n}@school.test`).join(",");

for (const [what, change, code, text] of [
  ["no recipient", { To: "" }, 300, /Zero recipients/],
  ["no sender", { From: "" }, 300, /From/],
  ["a sender that is no address", { From: "School" }, 300, /Error parsing 'From'.*'School'.*'@'/],
  ["a sender of 256 characters", { From: `${"x".repeat(244)}@school.test` }, 300, /'From'.*255/],
  ["a recipient with two signs", { To: "a@b@c.test" }, 300, /Error parsing 'To': Illegal email address/],
  ["a copy that is no address", { Cc: "x" }, 300, /Error parsing 'Cc'/],
  ["a blind copy that is no address", { Bcc: "x" }, 300, /Error parsing 'Bcc'/],
  ["an answer address that is none", { ReplyTo: "x" }, 300, /Error parsing 'ReplyTo'/],
  ["no body", { TextBody: "" }, 300, /^Provide either email TextBody or HtmlBody or both\.$/],
  ["HTML of more than 5 MB", { HtmlBody: "x".repeat(5 * 1024 * 1024 + 1) }, 300, /HtmlBody.*5 MB/],
  ["a stream that is not there", { MessageStream: "no" }, 1235, /^The stream provided: 'no' does not exist/],
  ["a stream that cannot send", { MessageStream: "inbound" }, 1236, /^Sending is not supported/],
  ["a tag that is no text", { Tag: 1 }, 403, /^Invalid request field\(s\): \$\.Tag$/],
  ["an unknown way to track links", { TrackLinks: "Some" }, 403, /\$\.TrackLinks/],
  ["headers without values", { Headers: [{ Name: "X" }] }, 403, /\$\.Headers/],
  ["51 recipients", { To: many(50), Cc: "one@more.test" }, 300, /50 recipients/],
  ["a subject of 2,001 characters", { Subject: "x".repeat(2001) }, 300, /Subject/],
  ["a tag of 1,001 characters", { Tag: "x".repeat(1001) }, 300, /Tag/],
  [
    "a metadata value of 81 characters",
    { Metadata: { mid: "x".repeat(81) } },
    300,
    /The 'mid' field in your metadata/,
  ],
  [
    "a metadata key of 21 characters",
    { Metadata: { ["k".repeat(21)]: "x" } },
    300,
    /limited to 20 characters/,
  ],
  [
    "11 metadata fields",
    { Metadata: Object.fromEntries([..."abcdefghijk"].map((k) => [k, "1"])) },
    300,
    /10 fields/,
  ],
  ["metadata keys equal but for case", { Metadata: { a: "1", A: "2" } }, 300, /unique/],
  ["metadata that is no text", { Metadata: { a: 1 } }, 403, /^Invalid request field\(s\): \$\.Metadata$/],
  [
    "a forbidden attachment",
    { Attachments: [{ Name: "a.EXE", Content: "", ContentType: "x/y" }] },
    411,
    /exe/,
  ],
] as const) {
  test(`a letter with ${what} is refused with ErrorCode ${code}`, async () => {
    await assert.rejects(client.sendEmail({ ...message, ...change } as never), {
      statusCode: 422,
      code,
      message: text,
    });
  });
}

test("a letter at every limit is taken", async () => {
  const { ErrorCode } = await client.sendEmail({
    ...message,
    From: `${"n".repeat(237)} <mail@school.test>`.slice(-255),
    To: many(50),
    Subject: "x".repeat(2000),
    Tag: "t".repeat(1000),
    Metadata: { ["k".repeat(20)]: "v".repeat(80) },
  });
  assert.equal(ErrorCode, 0);
});

test("a batch of 501 letters and a field of a wrong type refuse the whole request", async () => {
  await assert.rejects(client.sendEmailBatch(Array(501).fill(message)), { statusCode: 422, code: 410 });
  await assert.rejects(client.sendEmailBatch([message, { ...message, Tag: 1 } as never]), {
    code: 403,
    message: "Invalid request field(s): $[1].Tag",
  });
});

test("a letter larger than 10 MB is refused by size before it is read", async () => {
  await assert.rejects(client.sendEmail({ ...message, TextBody: "x".repeat(10 * 1024 * 1024) }), {
    statusCode: 413,
  });
  await assert.rejects(client.sendEmail({ ...message, TextBody: "x".repeat(5 * 1024 * 1024 + 1) }), {
    code: 300,
  });
});

test("the checks come in Postmark's order: token, media type, JSON", async () => {
  const post = (headers: Record<string, string>, body = "{") =>
    fetch(`${mailbox.url}/email`, { method: "POST", headers, body });
  const token = { "X-Postmark-Server-Token": "x" };
  const unauthorized = await post({});
  assert.equal(unauthorized.status, 401);
  assert.equal(unauthorized.headers.get("x-pm-apierrorcode"), "10");
  assert.equal(((await unauthorized.json()) as { ErrorCode: number }).ErrorCode, 10);
  assert.equal((await post({ ...token, "content-type": "text/plain" })).status, 415);
  const invalid = await post({ ...token, "content-type": "application/json" });
  assert.equal(invalid.status, 422);
  assert.equal(((await invalid.json()) as { ErrorCode: number }).ErrorCode, 402);
});

test("a letter with every fault is told of one at a time, in Postmark's order", async () => {
  const good = { ...message, To: "ada@other.test" };
  const faults: [object, number, RegExp][] = [
    [{ Tag: 5 }, 403, /\$\.Tag/],
    [{ MessageStream: "nowhere" }, 1235, /stream/],
    [{ From: "nobody" }, 300, /'From'/],
    [{ To: "nobody" }, 300, /'To'/],
    [{ Bcc: many(50) }, 300, /50 recipients/],
    [{ TextBody: "" }, 300, /TextBody or HtmlBody/],
    [{ Subject: "x".repeat(2001) }, 300, /'Subject'/],
    [{ Metadata: { m: "x".repeat(81) } }, 300, /metadata/],
    [{ Attachments: [{ Name: "a.exe", Content: "", ContentType: "a/b" }] }, 411, /exe/],
  ];
  for (const [index, [, code, text]] of faults.entries()) {
    const left = faults.slice(index).map(([fault]) => fault);
    const bad = { ...good, ...Object.assign({}, ...left.reverse()) };
    await assert.rejects(client.sendEmail(bad), { code, message: text }, String(text));
  }
  assert.equal((await client.sendEmail(good)).ErrorCode, 0);
});

test("before any message is looked at: token, media types, size, JSON, and how many they are", async () => {
  const post = async (path: string, headers: Record<string, string>, body: string) => {
    const answer = await fetch(mailbox.url + path, { method: "POST", headers, body });
    return [answer.status, ((await answer.json()) as { ErrorCode: number }).ErrorCode];
  };
  const huge = "x".repeat(10 * 1024 * 1024 + 1);
  const token = { "x-postmark-server-token": "x" };
  const json = { ...token, "content-type": "application/json" };
  assert.deepEqual(await post("/email", { "content-type": "text/plain" }, huge), [401, 10]);
  assert.deepEqual(await post("/email", { ...token, "content-type": "text/plain" }, huge), [415, 0]);
  assert.deepEqual(await post("/email", { ...json, accept: "text/html" }, huge), [415, 0]);
  assert.deepEqual(await post("/email", json, huge), [413, 0]);
  assert.deepEqual(await post("/email/batch", json, huge), [422, 402], "a batch may have 50 MB");
  assert.deepEqual(await post("/email/batch", json, JSON.stringify(Array(501).fill({ Tag: 1 }))), [422, 410]);
  assert.deepEqual(await post("/email/batch", json, "{}"), [422, 403]);
});

test("an account that may not send says so, after all else and before suppressions", async () => {
  await client.createSuppressions("outbound", { Suppressions: [{ EmailAddress: "off@other.test" }] });
  const send = (To: string) => client.sendEmail({ ...message, To });
  await mailbox.control("POST", "settings", { account: "pending" });
  await assert.rejects(send("off@other.test"), { statusCode: 422, code: 412, message: /other\.test/ });
  assert.equal((await send("ada@school.test")).ErrorCode, 0);
  await mailbox.control("POST", "settings", { account: "blocked" });
  await assert.rejects(send("off@other.test"), { statusCode: 422, code: 413 });
  await mailbox.control("POST", "settings", { account: "approved" });
  await assert.rejects(send("off@other.test"), { code: 406 });
});

test("a search defaults to the stream outbound and takes every filter, and one metadata field", async () => {
  const bat = crypto.randomUUID();
  const letters = ["outbound", "broadcast", "outbound"].map((MessageStream, n) => ({
    ...message,
    To: `"Ada ${n}" <Ada${n}@school.test>`,
    Subject: `Number ${n} of 100%`,
    Tag: `t${n}`,
    MessageStream,
    Metadata: { bat, mid: `m${n}` },
  }));
  await client.sendEmailBatch(letters);
  const find = async (filter: object) => {
    const { TotalCount, Messages } = await client.getOutboundMessages({ count: 500, ...filter });
    assert.equal(Number(TotalCount), Messages.length);
    return Messages.map(({ Metadata }) => Metadata.mid);
  };
  assert.deepEqual(await find({ metadata_bat: bat }), ["m2", "m0"]);
  assert.deepEqual(await find({ metadata_bat: bat, messageStream: "broadcast" }), ["m1"]);
  assert.deepEqual(await find({ metadata_bat: bat, recipient: "ada2@SCHOOL.test" }), ["m2"]);
  assert.deepEqual(await find({ metadata_bat: bat, subject: "number 0 of 100%" }), ["m0"]);
  assert.deepEqual(await find({ metadata_bat: bat, tag: "t2" }), ["m2"]);
  assert.deepEqual(await find({ metadata_bat: bat, status: "sent" }), ["m2", "m0"]);
  assert.deepEqual(await find({ metadata_bat: bat, status: "queued" }), []);
  assert.deepEqual(await find({ metadata_bat: bat, fromEmail: "mail@school.test" }), ["m2", "m0"]);
  assert.deepEqual(await find({ metadata_bat: bat, fromDate: "2020-01-01", toDate: "2099-12-31" }), [
    "m2",
    "m0",
  ]);
  assert.deepEqual(await find({ metadata_bat: bat, toDate: "2020-01-01" }), []);
  assert.deepEqual(await find({ metadata_mid: "m0", tag: "t0" }), ["m0"]);
  await assert.rejects(find({ metadata_bat: bat, metadata_mid: "m0" }), { statusCode: 422 });
});

test("a page has at most 500 messages and the search ends at 10,000", async () => {
  const page = await client.getOutboundMessages({ count: 1, offset: 1 });
  assert.equal(page.Messages.length, 1);
  assert.ok(Number(page.TotalCount) > 1);
  await assert.rejects(client.getOutboundMessages({ count: 501 }), { statusCode: 422 });
  await assert.rejects(client.getOutboundMessages({ count: 500, offset: 9501 }), { statusCode: 422 });
  const beyond = await client.getOutboundMessages({ count: 500, offset: 9500 });
  assert.deepEqual(beyond.Messages, []);
});

test("paths and query keys are taken in any case and with a slash at the end", async () => {
  const headers = { "x-postmark-server-token": "x" };
  const answer = await fetch(`${mailbox.url}/Messages/OUTBOUND/?COUNT=1&messageSTREAM=outbound`, { headers });
  assert.equal(answer.status, 200);
  assert.equal(((await answer.json()) as { Messages: unknown[] }).Messages.length, 1);
  assert.equal((await client.getServer()).DeliveryType, "Sandbox");
});

test("what is not there is a loud 404, and a message that is not known an error", async () => {
  await assert.rejects(client.getInboundMessages(), { statusCode: 404 });
  await assert.rejects(client.getOutboundMessageDetails(crypto.randomUUID()), { statusCode: 422, code: 701 });
  await assert.rejects(client.getOutboundMessageDetails("x'; select 1"), { statusCode: 422, code: 701 });
});

test("the test token validates and stores nothing", async () => {
  const tester = mailbox.client("POSTMARK_API_TEST");
  const subject = crypto.randomUUID();
  const receipt = await tester.sendEmail({ ...message, Subject: subject });
  assert.equal(receipt.Message, "Test job accepted");
  await assert.rejects(tester.sendEmail({ ...message, To: "nobody" }), { code: 300 });
  assert.deepEqual((await client.getOutboundMessages({ subject })).Messages, []);
});

test("text that no database keeps does not lose a letter", async () => {
  const { MessageID } = await client.sendEmail({ ...message, Subject: "a\0b \ud800 \\u0000 😀" });
  assert.equal((await client.getOutboundMessageDetails(MessageID)).Subject, "ab \ufffd \\u0000 😀");
});
