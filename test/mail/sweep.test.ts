import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { askForEvents } from "#mail/asking.ts";
import { createFeedback, type Feedback, type Suppression } from "#mail/feedback.ts";
import { foundCall } from "#mail/webhook-call.ts";
import { openWorld, type World } from "../support/world.ts";
import { letTimePass } from "./outbox-support.ts";
import { acceptedLetter, hear, type Payload, payloadsFor, stateOf, storeCalls } from "./webhook-support.ts";

let world: World;

before(async () => {
  world = await openWorld();
});

after(() => world[Symbol.asyncDispose]());

beforeEach(async () => {
  await world.pool.query(
    "truncate mail.letters, mail.webhook_calls, mail.suppressions, mail.reactivations, mail.sweeps cascade",
  );
});

test("letters of which nothing was heard are asked for, and become what the provider knows; twice changes nothing", async () => {
  const letters: Awaited<ReturnType<typeof acceptedLetter>>[] = [];
  for (let n = 0; n < 5; n++)
    letters.push(await acceptedLetter(world.pool, { recipient: `r${n}@school.test` }));
  await letTimePass(world.pool, "1 hour");
  const fresh = await acceptedLetter(world.pool);
  const asked: string[] = [];
  const provider = knowing({
    deliveryOf: (messageId) => {
      asked.push(messageId);
      const at = letters.findIndex((letter) => letter.messageId === messageId);
      return at < 4 ? [payloadsFor(letters[at] ?? fresh, "outbound", `r${at}@school.test`).delivery] : [];
    },
  });
  await sweep(provider);
  assert.deepEqual(
    asked.toSorted(),
    letters.map(({ messageId }) => messageId).toSorted(),
    "not the one that is on its way",
  );
  assert.deepEqual(await statesOf(letters), ["delivered", "delivered", "delivered", "delivered", "accepted"]);
  await sweep(provider);
  assert.equal(asked.length, 6, "only the one is left");
  assert.equal(await count("mail.delivery_events"), 4);
});

test("a bounce that was never told is found; told as well, it is one fact", async () => {
  const [lost, told] = [
    await acceptedLetter(world.pool),
    await acceptedLetter(world.pool, { recipient: "bob@school.test" }),
  ];
  const bounces = [
    payloadsFor(lost).bounce({ ID: 1, Metadata: undefined }),
    payloadsFor(told, "outbound", "bob@school.test").bounce({ ID: 2, Metadata: undefined }),
  ];
  await storeCalls(world.pool, [bounces[1] ?? {}]);
  await hear(world.pool);
  const provider = knowing({ bounces });
  await sweep(provider);
  await sweep(provider);
  assert.deepEqual(await statesOf([lost, told]), ["bounced", "bounced"]);
  assert.equal(await count("mail.delivery_events"), 2);
  assert.equal(await count("mail.webhook_calls"), 2, "what is known is not even stored");
});

test("suppressions are taken over, and those that the provider has no more are lifted, but for fresh ones and our own", async () => {
  const suppression = (address: string, reason = "ManualSuppression", origin = "Recipient"): Suppression => ({
    ...{ stream: "broadcast", address, reason, origin, at: "2026-11-01T00:00:00Z" },
  });
  const all = [
    suppression("A@school.test"),
    suppression("b@school.test", "HardBounce"),
    suppression("c@school.test", "SpamComplaint"),
  ];
  await sweep(knowing({ suppressions: all }));
  assert.deepEqual(await inForce(), [
    ["a@school.test", "broadcast", "unsubscribed"],
    ["b@school.test", null, "hard-bounce"],
    ["c@school.test", "broadcast", "spam-complaint"],
  ]);
  await sweep(knowing({ suppressions: all }));
  assert.equal(await count("mail.webhook_calls"), 3);
  await sweep(knowing({ suppressions: [] }));
  assert.equal((await inForce()).length, 3, "they are fresh");
  await world.pool.query("update mail.suppressions set updated_at = now() - interval '1 hour'");
  await world.pool.query(
    `insert into mail.suppressions (address, reason, origin, since, updated_at)
     values ('d@school.test', 'hard-bounce', 'howdah', now(), now() - interval '1 hour')`,
  );
  await sweep(knowing({ suppressions: [suppression("a@school.test")] }));
  assert.deepEqual(await inForce(), [
    ["a@school.test", "broadcast", "unsubscribed"],
    ["c@school.test", "broadcast", "spam-complaint"],
    ["d@school.test", null, "hard-bounce"],
  ]);
});

test("a sweep is made when it is wanted, once a day, and when nothing is heard of letters for long", async () => {
  const silent = knowing({});
  assert.equal(await askForEvents(world.pool, silent), true, "the first");
  assert.equal(await askForEvents(world.pool, silent), false);
  assert.equal(await askForEvents(world.pool, silent, { wanted: true }), true);
  await pass("2 hours");
  assert.equal(await askForEvents(world.pool, silent), false, "nothing is missed");
  const letter = await acceptedLetter(world.pool);
  await letTimePass(world.pool, "1 hour");
  await storeCalls(world.pool, [payloadsFor(letter).open]);
  assert.equal(await askForEvents(world.pool, silent), false, "the provider does call");
  await world.pool.query("update mail.webhook_calls set received_at = received_at - interval '1 hour'");
  assert.equal(await askForEvents(world.pool, silent), true, "it calls no more");
  await pass("21 hours");
  await world.pool.query("truncate mail.letters cascade");
  assert.equal(await askForEvents(world.pool, silent), true, "a day is over");
});

test("with the test token nothing is asked, and nothing changes", async () => {
  await acceptedLetter(world.pool);
  await letTimePass(world.pool, "1 hour");
  const nobody = createFeedback({ token: "POSTMARK_API_TEST", endpoint: "http://127.0.0.1:1" });
  assert.equal(await askForEvents(world.pool, nobody), true);
  assert.equal(await count("mail.webhook_calls"), 0);
});

test("calls that nobody has heard are rung for again", async () => {
  await storeCalls(world.pool, [payloadsFor(await acceptedLetter(world.pool)).delivery]);
  await world.pool.query(
    "update mail.webhook_calls set received_at = received_at - interval '2 minutes'; delete from graphile_worker._private_jobs",
  );
  await askForEvents(world.pool, knowing({}));
  const { rows } = await world.pool.query(
    "select from queue.jobs where payload::json ->> 'job' = 'mail/hear'",
  );
  assert.equal(rows.length, 1);
});

test("a provider that does not answer fails the sweep, and the next begins where the last good one began", async () => {
  await askForEvents(world.pool, knowing({}), { wanted: true });
  const failing = { ...knowing({}), suppressionsOf: () => Promise.reject(new Error("no answer")) };
  await assert.rejects(askForEvents(world.pool, failing, { wanted: true }), /no answer/);
  const { rows } = await world.pool.query(
    "select asked_since, finished_at is null as open from mail.sweeps order by id",
  );
  assert.deepEqual(
    rows.map(({ open }) => open),
    [false, true],
  );
  await pass("21 hours");
  await assert.rejects(askForEvents(world.pool, failing), /no answer/);
  assert.equal(await askForEvents(world.pool, knowing({})), false, "not at once");
  await pass("16 minutes");
  await assert.rejects(askForEvents(world.pool, failing), /no answer/);
  await askForEvents(world.pool, knowing({}), { wanted: true });
  const { rows: all } = await world.pool.query("select asked_since from mail.sweeps order by id");
  assert.deepEqual(all.at(-1), all.at(-2));
});

type Knowledge = {
  deliveryOf?: (messageId: string) => Payload[];
  bounces?: Payload[];
  suppressions?: Suppression[];
};

function knowing({ deliveryOf = () => [], bounces = [], suppressions = [] }: Knowledge): Feedback {
  const streams = { outbound: "outbound", broadcast: "broadcast" };
  const found = (payload: Payload) => foundCall(payload, streams);
  return {
    streams: ["outbound", "broadcast"],
    deliveryOf: async (messageId) => deliveryOf(messageId).map(found),
    bouncesOf: async (stream) => bounces.filter(({ MessageStream }) => MessageStream === stream).map(found),
    suppressionsOf: async (stream) => suppressions.filter((suppression) => suppression.stream === stream),
  };
}

async function sweep(provider: Feedback): Promise<void> {
  assert.equal(await askForEvents(world.pool, provider, { wanted: true }), true);
  await hear(world.pool);
}

/** The clock of the sweeps. */
function pass(interval: string) {
  return world.pool.query("update mail.sweeps set started_at = started_at - $1::interval", [interval]);
}

function statesOf(letters: { id: string }[]): Promise<string[]> {
  return Promise.all(letters.map(({ id }) => stateOf(world.pool, id)));
}

async function inForce() {
  const { rows } = await world.pool.query({
    text: "select address, stream, reason from mail.suppressions where lifted_at is null order by address",
    rowMode: "array",
  });
  return rows;
}

async function count(table: string): Promise<number> {
  const { rows } = await world.pool.query(`select count(*)::int as count from ${table}`);
  return rows[0].count;
}
