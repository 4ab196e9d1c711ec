import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, beforeEach, test } from "node:test";
import { Errors, ServerClient } from "postmark";
import { openMailbox, type TestMailbox } from "../support/mailbox.ts";
import { until } from "../support/wait.ts";

let mailbox: TestMailbox;
let client: ServerClient;

before(async () => {
  mailbox = await openMailbox();
  client = mailbox.client();
});
after(() => mailbox[Symbol.asyncDispose]());
beforeEach(() => mailbox.control("POST", "reset", {}));

const letter = { From: "mail@school.test", To: "ada@school.test", Subject: "Hello", TextBody: "Hello Ada" };
const batch = ["ada", "grace", "alan"].map((name) => ({ ...letter, To: `${name}@school.test` }));

/** How the client fails, and how many of the three letters of a batch are stored all the same. */
const failures = [
  {
    fault: { action: "reset_before" },
    thrown: [Errors.PostmarkError, "fetch failed", 0],
    stored: 0,
  },
  {
    fault: { action: "reset_mid_request" },
    thrown: [Errors.PostmarkError, "fetch failed", 0],
    stored: 0,
  },
  {
    fault: { action: "accept_then_reset" },
    thrown: [Errors.PostmarkError, "fetch failed", 0],
    stored: 3,
  },
  {
    fault: { action: "accept_partial_batch", count: 2 },
    thrown: [Errors.PostmarkError, "fetch failed", 0],
    stored: 2,
  },
  {
    fault: { action: "accept_then_partial_body" },
    thrown: [TypeError, "terminated", undefined],
    stored: 3,
  },
  {
    fault: { action: "status", status: 429, retryAfter: 7 },
    thrown: [Errors.RateLimitExceededError, "Rate limit exceeded.", 429],
    stored: 0,
  },
  {
    fault: { action: "status", status: 500 },
    thrown: [Errors.InternalServerError, "An unexpected error occurred.", 500],
    stored: 0,
  },
  {
    fault: { action: "status", status: 500, accept: true },
    thrown: [Errors.InternalServerError, "An unexpected error occurred.", 500],
    stored: 3,
  },
  {
    fault: { action: "status", status: 503 },
    thrown: [Errors.ServiceUnavailablerError, "The Postmark API is offline for maintenance.", 503],
    stored: 0,
  },
  {
    fault: { action: "status", status: 401 },
    thrown: [Errors.InvalidAPIKeyError, /Server Token/, 401],
    stored: 0,
  },
  {
    fault: { action: "status", status: 404, message: "Gone" },
    thrown: [Errors.PostmarkError, "Gone", 404],
    stored: 0,
  },
  {
    fault: { action: "status", status: 422, code: 412, message: "Pending" },
    thrown: [Errors.ApiInputError, "Pending", 422],
    stored: 0,
  },
  ...[413, 415, 502, 504].map((status) => ({
    fault: { action: "status", status },
    thrown: [Errors.UnknownError, /was asked for/, status],
    stored: 0,
  })),
];

for (const { fault, thrown, stored } of failures) {
  test(`${JSON.stringify(fault)}: what the unmodified client throws, and ${stored} letters are stored`, async () => {
    await mailbox.control("POST", "faults", { ...fault, match: { path: "/email/batch" }, times: 1 });
    const [kind, message, statusCode] = thrown;
    await assert.rejects(client.sendEmailBatch(batch), (error: Errors.PostmarkError) => {
      assert.equal(error.constructor, kind);
      assert.match(error.message, message instanceof RegExp ? message : new RegExp(`^${message}$`));
      assert.equal(error.statusCode, statusCode);
      return true;
    });
    assert.equal((await storedLetters()).length, stored);
    const answers = await client.sendEmailBatch(batch);
    assert.deepEqual(
      answers.map(({ ErrorCode }) => ErrorCode),
      [0, 0, 0],
      "it acts once",
    );
  });
}

test("a letter that never gets an answer ends at the client's deadline, and is stored or is not", async () => {
  for (const [action, stored] of [
    ["hang", 0],
    ["accept_then_hang", 3],
  ] as const) {
    await mailbox.control("POST", "reset", {});
    await mailbox.control("POST", "faults", { action, match: { path: "/email/*" } });
    await assert.rejects(impatient().sendEmailBatch(batch), {
      name: "PostmarkError",
      message: "The operation was aborted due to timeout",
      code: 0,
      statusCode: 0,
    });
    assert.equal((await storedLetters()).length, stored);
  }
});

test("trickle: the deadline is hit in the body, which is no error of Postmark's; the letters are stored", async () => {
  await mailbox.control("POST", "faults", { action: "trickle", match: { path: "/email/batch" } });
  await assert.rejects(impatient().sendEmailBatch(batch), (error: DOMException) => {
    assert.equal(error.constructor, DOMException);
    assert.equal(error.name, "TimeoutError");
    assert.equal(error.code, 23);
    return true;
  });
  assert.equal((await storedLetters()).length, 3);
});

test("trickle, when the clock goes on: the whole answer", async () => {
  await mailbox.control("POST", "faults", { action: "trickle", times: 1, match: { path: "/email" } });
  const sending = client.sendEmail(letter);
  await until(async () => (await storedLetters()).length === 1);
  await mailbox.control("POST", "clock/advance", { seconds: 3600 });
  assert.equal((await sending).ErrorCode, 0);
});

test("delay: nothing is stored until the clock says so; with accept only the answer is late", async () => {
  await mailbox.control("POST", "faults", { action: "delay", ms: 3_600_000, match: { tag: "late" } });
  const late = client.sendEmail({ ...letter, Tag: "late" });
  await hits(1);
  assert.equal((await storedLetters()).length, 0);
  await mailbox.control("POST", "clock/advance", { seconds: 3600 });
  assert.equal((await late).ErrorCode, 0);
  assert.equal((await storedLetters()).length, 1);

  await mailbox.control("DELETE", "faults");
  await mailbox.control("POST", "faults", { action: "delay", ms: 3_600_000, accept: true });
  const answered = client.sendEmail(letter);
  await until(async () => (await storedLetters()).length === 2);
  await mailbox.control("POST", "clock/advance", { seconds: 3600 });
  assert.equal((await answered).Message, "OK");
});

test("html_200 and empty_200 resolve to a string and to nothing at all", async () => {
  await mailbox.control("POST", "faults", [
    { action: "html_200", times: 1 },
    { action: "empty_200", times: 1 },
    { action: "empty_200", times: 1, accept: true },
  ]);
  assert.match(String(await client.sendEmailBatch(batch)), /^<!doctype html>/);
  assert.deepEqual(await client.sendEmailBatch(batch), {});
  assert.equal((await storedLetters()).length, 0);
  assert.deepEqual(await client.sendEmailBatch(batch), {});
  assert.equal((await storedLetters()).length, 3);
});

test("short_array and wrong_order: all is stored, and the answer says less or in the wrong places", async () => {
  await mailbox.control("POST", "faults", [
    { action: "short_array", times: 1 },
    { action: "wrong_order", times: 1 },
  ]);
  assert.deepEqual(
    (await client.sendEmailBatch(batch)).map(({ To }) => To),
    ["ada@school.test", "grace@school.test"],
  );
  assert.deepEqual(
    (await client.sendEmailBatch(batch)).map(({ To }) => To),
    ["alan@school.test", "grace@school.test", "ada@school.test"],
  );
  assert.equal((await storedLetters()).length, 6);
});

test("redirect: the client posts again to wherever it is sent, with its token", async () => {
  await mailbox.control("POST", "faults", { action: "redirect", times: 1 });
  assert.equal((await client.sendEmail(letter)).ErrorCode, 0);
  assert.equal((await storedLetters()).length, 1);

  const tokens: unknown[] = [];
  await using stack = new AsyncDisposableStack();
  const thief = createServer((request, response) => {
    tokens.push(request.headers["x-postmark-server-token"]);
    response.end("{}");
  });
  stack.defer(() => new Promise<void>((resolve) => thief.close(() => resolve()).closeAllConnections()));
  await new Promise<void>((resolve) => thief.listen(0, "127.0.0.1", resolve));
  const location = `http://localhost:${(thief.address() as AddressInfo).port}/`;
  await mailbox.control("POST", "faults", { action: "redirect", location, times: 1 });
  assert.deepEqual(await client.sendEmail(letter), {});
  assert.deepEqual(tokens, ["sandbox-token"]);
  assert.equal((await storedLetters()).length, 1);
});

function impatient(): ServerClient {
  return new ServerClient("sandbox-token", { requestHost: mailbox.host, useHttps: false, timeout: 0.2 });
}

async function storedLetters(): Promise<unknown[]> {
  return (await mailbox.control<{ Messages: unknown[] }>("GET", "messages")).Messages;
}

function hits(count: number): Promise<void> {
  return until(async () => {
    const [fault] = await mailbox.control<{ hits: number }[]>("GET", "faults");
    return fault?.hits === count;
  });
}
