import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { startMailbox } from "#mailbox/mailbox.ts";
import { askControl } from "../support/mailbox.ts";
import { until } from "../support/wait.ts";
import { openPlace } from "./place.ts";

const letter = { From: "mail@school.test", To: "ada@school.test", Subject: "Hello", TextBody: "Hello Ada" };
const deliveries = { Delivery: { Enabled: true } };

test("only the stream and the triggers of a webhook, and only first opens where that is wanted", async () => {
  await using place = await openPlace();
  const { client, mailbox, receiver } = place;
  await place.register({ Triggers: { Open: { Enabled: true, PostFirstOpenOnly: true } } });
  await client.sendEmail({ ...letter, MessageStream: "broadcast" });
  const { MessageID: messageId } = await client.sendEmail({
    ...letter,
    HtmlBody: "<p>x</p>",
    TrackOpens: true,
  });
  for (let times = 0; times < 2; times++) await mailbox.control("POST", "events/open", { messageId });
  await place.settle();
  assert.deepEqual(
    receiver.received.map(({ body }) => [body.RecordType, body.FirstOpen]),
    [["Open", true]],
  );
});

test("a webhook is called with its Basic auth, its own headers, and what Postmark adds", async () => {
  await using place = await openPlace();
  const { client, receiver } = place;
  await place.register({
    Triggers: deliveries,
    HttpAuth: { Username: "howdah", Password: "s:cret" },
    HttpHeaders: [{ Name: "X-Secret", Value: "42" }],
  });
  const inUrl = `${receiver.url.replace("//", "//us%40er:pass@")}/other`;
  await client.createWebhook({ Url: inUrl, Triggers: deliveries, MessageStream: "broadcast" });
  receiver.forget();
  await client.sendEmailBatch([letter, { ...letter, MessageStream: "broadcast" }]);
  await place.settle();
  const [first, second] = receiver.received.toSorted((a, b) => a.path.length - b.path.length);
  assert.partialDeepStrictEqual(first?.headers, {
    authorization: `Basic ${btoa("howdah:s:cret")}`,
    "x-secret": "42",
    "content-type": "application/json",
    "x-pm-retries-remaining": "6",
  });
  assert.match(String(first?.headers["x-pm-webhook-trace-id"]), /^[0-9a-f-]{36}$/);
  assert.equal(second?.headers.authorization, `Basic ${btoa("us@er:pass")}`);
  assert.notEqual(second?.headers["x-pm-webhook-trace-id"], first?.headers["x-pm-webhook-trace-id"]);
});

for (const answer of [503, 429, 408, 302, null]) {
  test(`who answers ${answer ?? "nothing"} is asked again after 1, 5, 10, 10, 10 and 15 minutes, then never`, async () => {
    await using place = await openPlace();
    const { client, receiver } = place;
    await place.register({ Triggers: deliveries });
    place.answers = [answer];
    await client.sendEmail(letter);
    await place.settle();
    for (const [index, minutes] of [1, 5, 10, 10, 10, 15].entries()) {
      await place.advance(minutes * 60 - 30);
      assert.equal(receiver.received.length, index + 1, "not yet");
      await place.advance(30);
      assert.equal(receiver.received.length, index + 2);
    }
    await place.advance(86_400);
    const headers = receiver.received.map((each) => each.headers);
    assert.deepEqual(
      headers.map((each) => Number(each["x-pm-retries-remaining"])),
      [6, 5, 4, 3, 2, 1, 0],
    );
    assert.equal(new Set(headers.map((each) => each["x-pm-webhook-trace-id"])).size, 1);
    assert.partialDeepStrictEqual((await place.attempts()).at(-1), {
      recordType: "Delivery",
      status: answer,
      retriesRemaining: 0,
      outcome: "given up",
    });
  });
}

test("one advance makes every attempt on its way, until one goes through", async () => {
  await using place = await openPlace();
  await place.register({ Triggers: deliveries });
  place.answers = [503, 500, 204];
  await place.client.sendEmail(letter);
  await place.advance(7200);
  assert.deepEqual(
    (await place.attempts()).map(({ status, outcome }) => [status, outcome]),
    [
      [503, "retry"],
      [500, "retry"],
      [204, "done"],
    ],
  );
});

for (const answer of [400, 401, 403, 404, 422]) {
  test(`who answers ${answer} has lost the event for ever`, async () => {
    await using place = await openPlace();
    await place.register({ Triggers: deliveries });
    place.answers = [answer];
    await place.client.sendEmail(letter);
    await place.advance(86_400);
    assert.partialDeepStrictEqual(await place.attempts(), [{ status: answer, outcome: "refused" }]);
    assert.equal(place.receiver.received.length, 1);
  });
}

test("who is too slow is asked again", async () => {
  await using place = await openPlace();
  await place.mailbox.control("POST", "settings", { webhooks: { timeoutMs: 100 } });
  await place.register({ Triggers: deliveries });
  place.answers = ["hang", 200];
  await place.client.sendEmail(letter);
  await place.advance(60);
  const [first, second] = await place.attempts();
  assert.deepEqual([first?.status, first?.outcome, second?.outcome], [null, "retry", "done"]);
  assert.match(first?.error ?? "", /timeout/);
});

test("for tests, events come twice, in the wrong order, or never", async () => {
  await using place = await openPlace();
  const { client, mailbox, receiver } = place;
  await place.register({ Triggers: deliveries });
  const came = async (webhooks: object) => {
    receiver.forget();
    await mailbox.control("POST", "settings", { webhooks });
    for (const Tag of ["1", "2", "3"]) await client.sendEmail({ ...letter, Tag });
    await place.settle();
    const early = receiver.received.length;
    await place.advance(600);
    return [early, receiver.received.map(({ body }) => body.Tag).join("")];
  };
  assert.deepEqual(await came({ reorder: 600 }), [0, "321"]);
  const [, twice] = await came({ reorder: 0, duplicate: true });
  assert.deepEqual([...String(twice)].sort().join(""), "112233");
  const traces = receiver.received.map(({ headers }) => headers["x-pm-webhook-trace-id"]);
  assert.equal(new Set(traces).size, 3);
  assert.deepEqual(await came({ duplicate: false, drop: 1 }), [0, ""]);
  assert.partialDeepStrictEqual(await mailbox.control("GET", "webhooks"), { deliveries: { dropped: 3 } });
});

test("a reset while an event is on its way: it is forgotten, and nothing breaks", async () => {
  await using place = await openPlace();
  await place.mailbox.control("POST", "settings", { webhooks: { timeoutMs: 200 } });
  await place.register({ Triggers: deliveries });
  place.answers = ["hang"];
  await place.client.sendEmail(letter);
  await until(() => place.receiver.received.length === 1);
  await place.mailbox.control("POST", "reset", { keepWebhooks: true });
  await place.settle();
  assert.deepEqual(await place.attempts(), []);
  place.answers = [200];
  await place.client.sendEmail(letter);
  await place.settle();
  assert.equal((await place.attempts()).length, 1);
});

test("what waits to be told survives the end of the mailbox", async () => {
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(path.join(tmpdir(), "mailbox-"));
  stack.defer(() => rm(folder, { recursive: true }));
  const file = path.join(folder, "mailbox.db");
  await using place = await openPlace();
  {
    await using first = await startMailbox({ file });
    await post(first.url, "webhooks", {
      Url: place.receiver.url,
      MessageStream: "outbound",
      Triggers: deliveries,
    });
    place.receiver.forget();
    place.answers = [503];
    await post(first.url, "email", letter);
    await askControl(first.url, "POST", "clock/advance", { seconds: 0 });
  }
  place.answers = [200];
  await using second = await startMailbox({ file });
  await askControl(second.url, "POST", "clock/advance", { seconds: 60 });
  const traces = place.receiver.received.map(({ headers }) => headers["x-pm-webhook-trace-id"]);
  assert.equal(traces.length, 2);
  assert.equal(traces[0], traces[1]);
  await askControl(second.url, "POST", "clock/advance", { seconds: 7200 });
  assert.equal(place.receiver.received.length, 2);
});

async function post(url: string, what: string, body: object): Promise<void> {
  const headers = {
    "content-type": "application/json",
    accept: "application/json",
    "x-postmark-server-token": "t",
  };
  const answer = await fetch(`${url}/${what}`, { method: "POST", headers, body: JSON.stringify(body) });
  assert.equal(answer.status, 200);
}
