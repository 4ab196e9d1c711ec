import assert from "node:assert/strict";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { test } from "node:test";
import type { Letter } from "#mail/message.ts";
import type { Outcome } from "#mail/outcome.ts";
import { createPostmark, type PostmarkSettings } from "#mail/postmark.ts";
import { answerJson, letter, openMisbehaving } from "./servers.ts";

type Answer = (response: ServerResponse, socket: Socket, body: string) => void;

async function sendTo(
  answer: Answer,
  letters: Letter[] = [letter(), letter()],
  timeoutSeconds?: number,
): Promise<Outcome[]> {
  await using server = await openMisbehaving(answer);
  return await postmarkAt(server.url, timeoutSeconds ? { timeoutSeconds } : {}).sendBatch(letters);
}

function postmarkAt(endpoint: string, settings: Partial<PostmarkSettings> = {}) {
  return createPostmark({
    token: "a-token",
    from: "School <mail@school.test>",
    publicUrl: "https://school.test",
    endpoint,
    timeoutSeconds: 0.4,
    ...settings,
  });
}

function kinds(outcomes: Outcome[]): string[] {
  return outcomes.map(({ kind }) => kind);
}

const error = (status: number, ErrorCode: number): Answer => {
  return (response) => answerJson(response, status, { ErrorCode, Message: `error ${ErrorCode}` });
};

const sameId = { ErrorCode: 0, MessageID: crypto.randomUUID() };

const unknown: [string, Answer][] = [
  ["a connection reset before the answer", (_response, socket) => socket.resetAndDestroy()],
  ["a connection closed before the answer", (_response, socket) => socket.destroy()],
  ["no answer until the deadline", () => {}],
  [
    "a reset in the middle of the body",
    (response, socket) => {
      response.writeHead(200, { "content-length": "1000" });
      response.write('[{"ErrorCode":0', () => socket.resetAndDestroy());
    },
  ],
  [
    "a body that never ends",
    (response) => {
      response.writeHead(200, { "content-length": "1000" });
      response.write('[{"ErrorCode":0');
    },
  ],
  [
    "a page of a proxy",
    (response) => response.writeHead(200, { "content-type": "text/html" }).end("<html>Hello</html>"),
  ],
  ["an empty answer", (response) => response.writeHead(200).end()],
  [
    "too few results",
    (response) => answerJson(response, 200, [{ ErrorCode: 0, MessageID: crypto.randomUUID() }]),
  ],
  [
    "results without an id",
    (response) => answerJson(response, 200, [{ ErrorCode: 0 }, { ErrorCode: 0, MessageID: "1" }]),
  ],
  [
    "results in another order than the letters",
    (response) =>
      answerJson(
        response,
        200,
        [1, 2].map(() => ({ ErrorCode: 0, MessageID: crypto.randomUUID(), To: "eve@school.test" })),
      ),
  ],
  ["one id for two letters", (response) => answerJson(response, 200, [sameId, sameId])],
  ["results that are none", (response) => answerJson(response, 200, [null, "OK"])],
  ["a redirect", (response) => response.writeHead(307, { location: "http://127.0.0.1:1/email/batch" }).end()],
  ["ErrorCode 101", error(500, 101)],
  ["status 500 of a proxy", (response) => response.writeHead(500).end("oops")],
  ["status 502", (response) => response.writeHead(502).end("bad gateway")],
  ["status 503 of a proxy", (response) => response.writeHead(503).end("busy")],
  ["status 504", (response) => response.writeHead(504).end()],
  ["status 404", error(404, 0)],
  ["status 422 of something else than Postmark", (response) => response.writeHead(422).end("no")],
];

for (const [what, answer] of unknown) {
  test(`${what} leaves the outcome unknown`, async () => {
    assert.deepEqual(kinds(await sendTo(answer)), ["unknown", "unknown"]);
  });
}

test("too many requests leave the outcome unknown but presumed unsent", async () => {
  const outcomes = await sendTo(error(429, 0));
  assert.deepEqual(kinds(outcomes), ["unknown", "unknown"]);
  assert.ok(outcomes.every((outcome) => outcome.kind === "unknown" && outcome.presumedUnsent));
});

for (const [status, code, stop] of [
  [401, 10, true],
  [415, 0, true],
  [503, 100, undefined],
  [422, 400, true],
  [422, 401, true],
  [422, 405, true],
  [422, 412, true],
  [422, 413, true],
  [422, 422, true],
  [422, 1235, true],
  [422, 1236, true],
  [422, 1480, true],
] as const) {
  test(`status ${status} with ErrorCode ${code} proves that nothing was sent`, async () => {
    const outcomes = await sendTo(error(status, code));
    assert.deepEqual(kinds(outcomes), ["notSent", "notSent"]);
    assert.ok(outcomes.every((outcome) => outcome.kind === "notSent" && outcome.stop === stop));
  });
}

test("a refused connection and a name that does not exist prove that nothing was sent", async () => {
  const [refused] = await postmarkAt(await urlOfNobody()).sendBatch([letter()]);
  assert.partialDeepStrictEqual(refused, { kind: "notSent", code: "ECONNREFUSED" });
  const [nowhere] = await postmarkAt("http://nowhere.invalid").sendBatch([letter()]);
  assert.equal(nowhere?.kind, "notSent");
});

test("each item has an outcome of its own", async () => {
  const messageId = crypto.randomUUID();
  const items = [
    { To: "ada@school.test", SubmittedAt: "", MessageID: messageId, ErrorCode: 0, Message: "OK" },
    { ErrorCode: 406, Message: "inactive " },
    { ErrorCode: 101, Message: "lost?" },
    { ErrorCode: 1236, Message: "stream" },
    { ErrorCode: 100, Message: "maintenance" },
  ];
  const outcomes = await sendTo(
    (response) => answerJson(response, 200, items),
    items.map(() => letter()),
  );
  assert.deepEqual(outcomes, [
    { kind: "accepted", messageId },
    { kind: "refused", code: 406, message: "inactive " },
    { kind: "unknown", reason: "lost?" },
    { kind: "notSent", reason: "stream", code: 1236, stop: true },
    { kind: "notSent", reason: "maintenance", code: 100 },
  ]);
});

for (const code of [300, 402, 403, 406, 410, 411, 1101, 1109, 1120, 1121, 1122, 1123]) {
  test(`status 422 with ErrorCode ${code} is final for a letter that is alone`, async () => {
    const [outcome] = await sendTo(error(422, code), [letter()]);
    assert.deepEqual(outcome, { kind: "refused", code, message: `error ${code}` });
  });
}

for (const code of [300, 406, 411, 1101]) {
  test(`ErrorCode ${code} of one letter is final for it alone`, async () => {
    const good = { To: "ada@school.test", MessageID: crypto.randomUUID(), ErrorCode: 0, Message: "OK" };
    const outcomes = await sendTo((response) =>
      answerJson(response, 200, [{ ErrorCode: code, Message: "no" }, good]),
    );
    assert.deepEqual(kinds(outcomes), ["refused", "accepted"]);
  });
}

test("a request above 50 MB is not tried: it goes in halves", async () => {
  const long = "x".repeat(20_000_000);
  const sizes: number[] = [];
  const outcomes = await sendTo(
    (response, _socket, body) => {
      const letters = JSON.parse(body) as object[];
      sizes.push(body.length);
      answerJson(
        response,
        200,
        letters.map(() => ({ ErrorCode: 0, MessageID: crypto.randomUUID() })),
      );
    },
    [1, 2, 3].map(() => letter({ html: long })),
    10,
  );
  assert.deepEqual(kinds(outcomes), ["accepted", "accepted", "accepted"]);
  assert.equal(sizes.length, 2);
  assert.ok(sizes.every((size) => size < 50_000_000));
});

test("letters go by the streams that the provider knows, and are looked up there", async () => {
  const seen: string[] = [];
  await using server = await openMisbehaving((response, _socket, body) => {
    if (body) seen.push(JSON.parse(body)[0].MessageStream);
    answerJson(response, 200, { Messages: [], TotalCount: 0 });
  });
  const postmark = postmarkAt(server.url, { streams: { outbound: "signin", broadcast: "news" } });
  await postmark.sendBatch([letter({ stream: "broadcast" })]);
  const [batch, single] = [crypto.randomUUID(), crypto.randomUUID()];
  assert.deepEqual(await postmark.findBatch("outbound", batch), []);
  assert.deepEqual(await postmark.findLetter("broadcast", single), []);
  assert.deepEqual(seen, ["news"]);
  const queries = server.requests.slice(1).map((line) => new URL(line.slice(4), "http://a").searchParams);
  assert.deepEqual(
    queries.map((query) => [
      query.get("messageStream"),
      query.get("metadata_bat"),
      query.get("metadata_mid"),
    ]),
    [
      ["signin", batch, null],
      ["news", null, single],
    ],
  );
});

test("the answer of a batch holds at most 500 messages: one that has more proves nothing", async () => {
  await using server = await openMisbehaving((response) =>
    answerJson(response, 200, { Messages: [], TotalCount: 1 }),
  );
  await assert.rejects(postmarkAt(server.url).findBatch("outbound", crypto.randomUUID()), {
    code: "LookUpProvesNothing",
  });
});

for (const [what, status, code] of [
  ["a field that spoils the request", 422, 403],
  ["a request that is too large", 413, 0],
] as const) {
  test(`${what} is halved until the culprit is alone, and only the culprit is refused`, async () => {
    const letters = [1, 2, 3, 4, 5].map((n) => letter({ subject: n === 4 ? "culprit" : "fine" }));
    const outcomes = await sendTo((response, _socket, body) => {
      if (body.includes("culprit")) return answerJson(response, status, { ErrorCode: code, Message: "no" });
      const receipts = (JSON.parse(body) as object[]).map(() => ({
        ErrorCode: 0,
        MessageID: crypto.randomUUID(),
      }));
      answerJson(response, 200, receipts);
    }, letters);
    assert.deepEqual(kinds(outcomes), ["accepted", "accepted", "accepted", "refused", "accepted"]);
  });
}

test("a letter is handed over with its name, its thread, its trace and without tracking", async () => {
  const sent = letter({ attempt: 3, recipientName: 'Eve "\r\nBcc: all@school.test' });
  let received: Record<string, unknown>[] = [];
  await sendTo(
    (response, _socket, body) => {
      received = JSON.parse(body);
      answerJson(response, 200, []);
    },
    [sent],
  );
  assert.deepEqual(received, [
    {
      From: "School <mail@school.test>",
      To: '"Eve Bcc: all@school.test" <ada@school.test>',
      Subject: "A subject",
      HtmlBody: "<p>Hello</p>",
      TextBody: "Hello",
      MessageStream: "outbound",
      Tag: "sign-in-link",
      TrackOpens: false,
      TrackLinks: "None",
      Headers: [{ Name: "Message-ID", Value: `<${sent.id}@school.test>` }],
      Metadata: { mid: sent.id, bat: sent.batchId, a: "3" },
    },
  ]);
});

test("nothing is sent once the lease has no time left", async () => {
  await using server = await openMisbehaving((response) => answerJson(response, 200, []));
  const outcomes = await postmarkAt(server.url).sendBatch([letter(), letter()], () => false);
  assert.deepEqual(kinds(outcomes), ["notSent", "notSent"]);
  assert.deepEqual(server.requests, []);
});

test("a look-up that is not a list of messages proves nothing", async () => {
  for (const body of [{}, "OK", { Messages: [{ MessageID: "x" }] }]) {
    await using server = await openMisbehaving((response) => answerJson(response, 200, body));
    await assert.rejects(postmarkAt(server.url).findBatch("outbound", crypto.randomUUID()), {
      code: "LookUpProvesNothing",
    });
  }
  const test = createPostmark({
    token: "POSTMARK_API_TEST",
    from: "a@b.c",
    publicUrl: "https://school.test",
  });
  await assert.rejects(test.findBatch("outbound", crypto.randomUUID()), { code: "LookUpProvesNothing" });
});

async function urlOfNobody(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return `http://127.0.0.1:${port}`;
}
