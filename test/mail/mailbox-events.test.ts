import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { askForEvents } from "#mail/asking.ts";
import { createFeedback } from "#mail/feedback.ts";
import { flushOutbox } from "#mail/outbox.ts";
import { createPostmark } from "#mail/postmark.ts";
import { registerWebhook } from "#mail/registration.ts";
import type { MailTransport } from "#mail/transport.ts";
import { openMailbox, type TestMailbox } from "../support/mailbox.ts";
import { openWorld, type World } from "../support/world.ts";
import { emptyOutbox, enqueue, letTimePass, senderAt, transportTo } from "./outbox-support.ts";
import { hear, openReceiver, type Receiver, stateOf, webhookSecret } from "./webhook-support.ts";

let world: World;
let mailbox: TestMailbox;
let transport: MailTransport;
let receiver: Receiver;

before(async () => {
  world = await openWorld();
  mailbox = await openMailbox();
  transport = transportTo(mailbox.url);
  receiver = await openReceiver(world.pool);
});

after(async () => {
  await receiver[Symbol.asyncDispose]();
  await mailbox[Symbol.asyncDispose]();
  await world[Symbol.asyncDispose]();
});

beforeEach(async () => {
  await mailbox.control("POST", "reset", {});
  await emptyOutbox(world.pool);
  await world.pool.query("truncate mail.webhook_calls, mail.suppressions, mail.reactivations, mail.sweeps");
});

test("both streams are registered, once each however often, and the probes are answered and kept as foreign", async () => {
  for (const _ of [1, 2]) assert.deepEqual((await register()).streams, ["outbound", "broadcast"]);
  const { Webhooks } = await mailbox.client().getWebhooks();
  assert.deepEqual(Webhooks.map(({ Url, MessageStream }) => [Url, MessageStream]).toSorted(), [
    [receiver.url, "broadcast"],
    [receiver.url, "outbound"],
  ]);
  await hear(world.pool);
  assert.deepEqual(await outcomes(["taken", "repeated", "odd"]), {});
  assert.equal(await inForce(), 0);
});

test("a webhook that does not answer is not registered", async () => {
  await assert.rejects(register({ secret: "another secret" }), /./);
  assert.deepEqual((await mailbox.client().getWebhooks()).Webhooks, []);
});

test("broadcast letters have one way to unsubscribe: ours or the provider's", async () => {
  for (const [unsubscribe, handling] of [
    ["own", "Custom"],
    ["postmark", "Postmark"],
  ] as const) {
    assert.equal((await register({ unsubscribe })).unsubscribesAsWanted, true);
    assert.equal(await handlingOfBroadcasts(), handling);
  }
});

test("a provider that does not let us manage unsubscribes is told of, and calls us all the same", async () => {
  const match = { path: "/message-streams/broadcast" };
  await control("faults", { match, times: 1, action: "status", status: 422, code: 1238 });
  assert.equal((await register({ unsubscribe: "own" })).unsubscribesAsWanted, false);
  assert.equal(await handlingOfBroadcasts(), "Postmark");
  assert.equal((await mailbox.client().getWebhooks()).Webhooks.length, 2);
});

test("what happens to letters comes back: deliveries, bounces, complaints, unsubscriptions", async () => {
  await register();
  const sent = {
    ...{
      fine: await enqueue(world.pool),
      hard: await enqueue(world.pool, { recipient: "hardbounce@mailbox.test" }),
    },
    complaining: await enqueue(world.pool, { recipient: "cleo@school.test", stream: "broadcast" }),
    leaving: await enqueue(world.pool, { recipient: "dan@school.test", stream: "broadcast" }),
  };
  await flushOutbox(world.pool, transport);
  await settle();
  assert.deepEqual(await states(sent), {
    ...{ fine: "delivered", hard: "bounced", complaining: "delivered", leaving: "delivered" },
  });
  await control("events/complaint", { messageId: await messageOf(sent.complaining) });
  await control("events/unsubscribe", { messageId: await messageOf(sent.leaving) });
  await settle();
  assert.equal(await stateOf(world.pool, sent.complaining), "complained");
  const { rows } = await world.pool.query(
    "select address, stream, reason from mail.suppressions where lifted_at is null order by 1",
  );
  assert.deepEqual(rows, [
    { address: "cleo@school.test", stream: "broadcast", reason: "spam-complaint" },
    { address: "dan@school.test", stream: "broadcast", reason: "unsubscribed" },
    { address: "hardbounce@mailbox.test", stream: null, reason: "hard-bounce" },
  ]);
});

test("a suppressed address gets no letter, until the provider reactivates it", async () => {
  await register();
  await enqueue(world.pool, { recipient: "hardbounce@mailbox.test" });
  await flushOutbox(world.pool, transport);
  await settle();
  const refused = await enqueue(world.pool, { recipient: "hardbounce@mailbox.test" });
  await flushOutbox(world.pool, transport);
  assert.equal(await stateOf(world.pool, refused), "suppressed");
  const { Bounces } = await mailbox.client().getBounces();
  await mailbox.client().activateBounce(Bounces[0]?.ID ?? 0);
  await settle();
  const sent = await enqueue(world.pool, { recipient: "hardbounce@mailbox.test" });
  await flushOutbox(world.pool, transport);
  assert.notEqual(await stateOf(world.pool, sent), "suppressed");
});

test("twice, in reverse order, with a receiver that fails in between: the letters end the same, each event once", async () => {
  await register();
  await control("settings", { webhooks: { duplicate: 1, reorder: 30 } });
  const letters = await enqueueSome(8);
  await flushOutbox(world.pool, transport);
  await receiver[Symbol.asyncDispose]();
  await control("clock/advance", { seconds: 31 });
  receiver = await openReceiver(world.pool, { port: Number(new URL(receiver.url).port) });
  await control("clock/advance", { seconds: 61 });
  await control("clock/advance", { seconds: 301 });
  await hear(world.pool);
  assert.deepEqual(await Promise.all(letters.map((id) => stateOf(world.pool, id))), endsOf(8));
  const { rows } = await world.pool.query("select count(*)::int as events from mail.delivery_events");
  assert.equal(rows[0].events, 8);
});

test("when no call comes through, a sweep learns the same", async () => {
  await register();
  await control("settings", { webhooks: { drop: 1 } });
  const letters = await enqueueSome(8);
  await flushOutbox(world.pool, transport);
  await settle();
  assert.deepEqual(
    new Set(await Promise.all(letters.map((id) => stateOf(world.pool, id)))),
    new Set(["accepted"]),
  );
  await letTimePass(world.pool, "1 hour");
  const provider = createFeedback({ token: "sandbox-test", endpoint: mailbox.url });
  for (let turn = 0; turn < 2; turn++) {
    assert.equal(await askForEvents(world.pool, provider, { wanted: true }), true);
    await hear(world.pool);
  }
  assert.deepEqual(await Promise.all(letters.map((id) => stateOf(world.pool, id))), endsOf(8));
  assert.equal(await inForce(), 1);
  const { rows } = await world.pool.query("select count(*)::int as events from mail.delivery_events");
  assert.equal(rows[0].events, 8);
});

test("who opens the letter of a campaign and follows its links is known; of other letters it is not", async () => {
  await register();
  const campaign = await enqueue(world.pool, { category: "campaign", stream: "broadcast" });
  const grade = await enqueue(world.pool, { category: "grade" });
  const tracking = createPostmark({ ...senderAt(mailbox.url), tracking: true });
  await flushOutbox(world.pool, tracking);
  for (const event of ["events/open", "events/click"]) {
    await control(event, { messageId: await messageOf(campaign) });
    await assert.rejects(
      control(event, { messageId: await messageOf(grade) }),
      /without TrackOpens|no such tracked link/,
    );
  }
  await settle();
  assert.deepEqual(await kindsOf(campaign), ["clicked", "delivered", "opened"]);
  assert.deepEqual(await kindsOf(grade), ["delivered"]);
});

test("a letter whose answer was lost is settled by the first call about it", async () => {
  await register();
  await control("faults", { match: { path: "/email/batch" }, times: 1, action: "accept_then_reset" });
  const id = await enqueue(world.pool);
  await flushOutbox(world.pool, transport);
  assert.equal(await stateOf(world.pool, id), "unknown");
  await settle();
  assert.equal(await stateOf(world.pool, id), "delivered");
});

type Wish = { secret?: string; unsubscribe?: "own" | "postmark" };

function register({ secret = webhookSecret, unsubscribe = "postmark" }: Wish = {}) {
  const settings = { token: "sandbox-test", endpoint: mailbox.url, unsubscribe };
  return registerWebhook(settings, { url: receiver.url, secret });
}

async function handlingOfBroadcasts(): Promise<string> {
  const stream = await mailbox.client().getMessageStream("broadcast");
  return stream.SubscriptionManagementConfiguration.UnsubscribeHandlingType;
}

function control(path: string, body: object) {
  return mailbox.control("POST", path, body);
}

/** Lets the mailbox do what is due, and hears what it told. */
async function settle(): Promise<void> {
  await control("clock/advance", { seconds: 0 });
  await hear(world.pool);
}

/** Every eighth bounces. */
async function enqueueSome(count: number): Promise<string[]> {
  const ids = [];
  for (let n = 0; n < count; n++)
    ids.push(
      await enqueue(world.pool, { recipient: n === 3 ? "hardbounce@mailbox.test" : `r${n}@school.test` }),
    );
  return ids;
}

function endsOf(count: number): string[] {
  return Array.from({ length: count }, (_, n) => (n === 3 ? "bounced" : "delivered"));
}

async function states(letters: Record<string, string>) {
  const pairs = Object.entries(letters).map(async ([name, id]) => [name, await stateOf(world.pool, id)]);
  return Object.fromEntries(await Promise.all(pairs));
}

async function messageOf(id: string): Promise<string> {
  const { rows } = await world.pool.query("select provider_message_id from mail.letters where id = $1", [id]);
  return rows[0].provider_message_id;
}

async function kindsOf(letterId: string): Promise<string[]> {
  const { rows } = await world.pool.query(
    "select kind from mail.delivery_events where letter_id = $1 order by kind",
    [letterId],
  );
  return rows.map(({ kind }) => kind);
}

async function inForce(): Promise<number> {
  const { rows } = await world.pool.query(
    "select count(*)::int as count from mail.suppressions where lifted_at is null",
  );
  return rows[0].count;
}

async function outcomes(named: string[]): Promise<Record<string, number>> {
  const { rows } = await world.pool.query(
    "select outcome, count(*)::int from mail.webhook_calls where outcome = any ($1) group by 1",
    [named],
  );
  return Object.fromEntries(rows.map(({ outcome, count }) => [outcome, count]));
}
