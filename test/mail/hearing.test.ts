import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { onTelemetry } from "#telemetry.ts";
import { openWorld, type World } from "../support/world.ts";
import { acceptedLetter, hear, type Payload, payloadsFor, stateOf, storeCalls } from "./webhook-support.ts";

let world: World;

before(async () => {
  world = await openWorld();
});

after(() => world[Symbol.asyncDispose]());

beforeEach(async () => {
  await world.pool.query(
    "truncate mail.letters, mail.webhook_calls, mail.suppressions, mail.reactivations cascade",
  );
});

test("each of the six kinds becomes a fact of its letter, with the moment at which it happened", async () => {
  const letter = await acceptedLetter(world.pool, { stream: "broadcast" });
  const { delivery, bounce, complaint, open, click, subscription } = payloadsFor(letter, "broadcast");
  await told(delivery, bounce(), complaint, open, click, subscription());
  assert.deepEqual(await eventsOf(letter.id), [
    { kind: "delivered", at: "10:00", details: {} },
    {
      kind: "bounced",
      at: "10:01",
      details: { type: "HardBounce", inactive: true, details: "smtp;550 5.1.1 unknown user" },
    },
    { kind: "opened", at: "10:02", details: {} },
    { kind: "clicked", at: "10:03", details: { link: "https://school.test/e/1" } },
    { kind: "unsubscribed", at: "10:04", details: {} },
    {
      kind: "complained",
      at: "10:05",
      details: { type: "SpamComplaint", inactive: true, details: "smtp;550 5.1.1 unknown user" },
    },
  ]);
});

test("what comes again, under the same trace or another, is one fact", async () => {
  const letter = await acceptedLetter(world.pool);
  const { delivery, open, click, bounce } = payloadsFor(letter);
  const all = [delivery, open, click, bounce()];
  await storeCalls(world.pool, all, "trace");
  await storeCalls(world.pool, all, "trace");
  assert.equal(await count("mail.webhook_calls"), all.length, "a repetition is not even stored");
  await storeCalls(world.pool, all);
  await hear(world.pool);
  await told(...all);
  assert.equal((await eventsOf(letter.id)).length, all.length);
  const { rows } = await world.pool.query(
    "select outcome, count(*)::int from mail.webhook_calls group by 1 order by 1",
  );
  assert.deepEqual(rows, [
    { outcome: "repeated", count: 2 * all.length },
    { outcome: "taken", count: all.length },
  ]);
});

test("two different events under one trace are both heard", async () => {
  const letter = await acceptedLetter(world.pool);
  const { delivery, open } = payloadsFor(letter);
  await storeCalls(world.pool, [delivery], "trace");
  await storeCalls(world.pool, [open], "trace");
  await hear(world.pool);
  assert.equal((await eventsOf(letter.id)).length, 2);
});

const scenes: { what: string; state: string; events: (make: ReturnType<typeof payloadsFor>) => Payload[] }[] =
  [
    {
      what: "delivered, opened and clicked",
      state: "delivered",
      events: (m) => [m.delivery, m.open, m.click],
    },
    {
      what: "delivered and bounced afterwards",
      state: "bounced",
      events: (m) => [m.delivery, m.bounce(), m.open],
    },
    {
      what: "delayed and then delivered",
      state: "delivered",
      events: (m) => [m.bounce({ Type: "Transient", TypeCode: 2, Inactive: false }), m.delivery],
    },
    {
      what: "everything at once",
      state: "complained",
      events: (m) => [m.delivery, m.bounce(), m.complaint, m.subscription()],
    },
    {
      what: "unsubscribed, and subscribed again later",
      state: "delivered",
      events: (m) => [
        m.delivery,
        m.subscription(),
        m.subscription({
          SuppressSending: false,
          SuppressionReason: null,
          ChangedAt: "2026-11-20T11:00:00.0000000Z",
        }),
      ],
    },
    {
      what: "reactivated, and bounced again later",
      state: "bounced",
      events: (m) => [
        m.bounce(),
        m.subscription({
          SuppressSending: false,
          SuppressionReason: null,
          ChangedAt: "2026-11-20T11:00:00.0000000Z",
        }),
        m.bounce({ ID: 7, BouncedAt: "2026-11-20T12:00:00.0000000Z" }),
      ],
    },
  ];

for (const { what, state, events } of scenes)
  test(`${what}: every order, in one go or one by one, twice or once, ends the same`, async () => {
    const ends = new Set<string>();
    const orders = permutations(events(payloadsFor({ id: "", messageId: "" })).map((_, index) => index));
    for (const [turn, order] of orders.entries()) {
      const letter = await acceptedLetter(world.pool, {
        recipient: `r${turn}@school.test`,
        accepted: turn % 2 === 0,
      });
      const made = events(payloadsFor(letter, "outbound", `r${turn}@school.test`));
      const inOrder = order.map((index) => unique(made[index] ?? {}, turn));
      if (turn % 3 === 0) await told(...inOrder, ...inOrder.toReversed());
      else for (const event of inOrder) await told(event);
      assert.equal(await stateOf(world.pool, letter.id), state, order.join(" "));
      ends.add(JSON.stringify([await eventsOf(letter.id), await suppressionsOf(`r${turn}@school.test`)]));
    }
    assert.equal(ends.size, 1, [...ends].join("\n"));
  });

test("an event settles a letter whose hand-over has no known outcome, and what the sender says later changes nothing", async () => {
  const letter = await acceptedLetter(world.pool, { accepted: false });
  await world.pool.query("select mail.claim(1, 'test')");
  await told(payloadsFor(letter).delivery);
  assert.equal(await stateOf(world.pool, letter.id), "delivered");
  await record({ id: letter.id, attempt: 1, kind: "unknown", reason: "no answer" });
  assert.equal(await stateOf(world.pool, letter.id), "delivered");
  await record({ id: letter.id, attempt: 1, kind: "accepted", messageId: letter.messageId });
  assert.equal(await stateOf(world.pool, letter.id), "delivered");
  assert.equal(await count("mail.duplicates"), 0);
});

test("an event of an earlier attempt waits for the answer to the one under way", async () => {
  const letter = await acceptedLetter(world.pool, { accepted: false });
  await world.pool.query("select mail.claim(1, 'test')");
  await world.pool.query("update mail.letters set attempt = 2");
  await told(payloadsFor(letter).delivery);
  assert.equal(await stateOf(world.pool, letter.id), "sending");
  await record({ id: letter.id, attempt: 2, kind: "notSent", code: "x", reason: "no connection" });
  await record({ id: letter.id, attempt: 2, kind: "accepted", messageId: letter.messageId });
  assert.equal(await stateOf(world.pool, letter.id), "delivered");
});

test("a second message for one letter is a duplicate: told and listed once", async () => {
  const duplicated: string[] = [];
  const end = onTelemetry((event, payload) => {
    if (event === "mail:duplicated") duplicated.push((payload as { letter: string }).letter);
  });
  const letter = await acceptedLetter(world.pool);
  const twin = { id: letter.id, messageId: crypto.randomUUID() };
  await told(payloadsFor(twin).delivery, payloadsFor(letter).delivery);
  await told(payloadsFor(twin).open);
  end();
  assert.deepEqual(duplicated, [letter.id]);
  const { rows } = await world.pool.query("select letter_id, provider_message_id from mail.duplicates");
  assert.deepEqual(rows, [{ letter_id: letter.id, provider_message_id: twin.messageId }]);
});

test("an event that names the message but not the letter finds it; one of another app is passed over, and counted", async () => {
  const letter = await acceptedLetter(world.pool);
  const foreign = { id: crypto.randomUUID(), messageId: crypto.randomUUID() };
  await told(
    { ...payloadsFor(letter).delivery, Metadata: {} },
    payloadsFor(foreign).delivery,
    payloadsFor(foreign).bounce(),
  );
  assert.equal(await stateOf(world.pool, letter.id), "delivered");
  const { rows } = await world.pool.query(
    "select outcome, count(*)::int from mail.webhook_calls group by 1 order by 1",
  );
  assert.deepEqual(rows, [
    { outcome: "foreign", count: 2 },
    { outcome: "taken", count: 1 },
  ]);
  assert.equal(await count("mail.suppressions"), 0);
});

test("what is the fault of our domain or of the words is told to the operator", async () => {
  const alarms: unknown[] = [];
  const end = onTelemetry((event, payload) => {
    if (event === "mail:rejected") alarms.push(payload);
  });
  const letter = await acceptedLetter(world.pool);
  const { bounce, delivery } = payloadsFor(letter);
  await told(delivery, bounce({ Type: "DMARCPolicy", TypeCode: 100009, Inactive: false }));
  end();
  assert.deepEqual(alarms, [
    { letter: letter.id, type: "DMARCPolicy", details: "smtp;550 5.1.1 unknown user" },
  ]);
});

async function told(...payloads: Payload[]): Promise<void> {
  await storeCalls(world.pool, payloads);
  await hear(world.pool);
}

function record(outcome: object) {
  return world.pool.query("select mail.record(jsonb_build_array($1::jsonb))", [JSON.stringify(outcome)]);
}

async function eventsOf(letter: string) {
  const { rows } = await world.pool.query(
    `select kind, to_char(at at time zone 'UTC', 'HH24:MI') as at, details from mail.delivery_events
     where letter_id = $1 order by mail.delivery_events.at`,
    [letter],
  );
  return rows;
}

async function suppressionsOf(address: string) {
  const { rows } = await world.pool.query(
    "select stream, reason, origin, since, lifted_at from mail.suppressions where address = $1 order by 1, 2",
    [address],
  );
  return rows;
}

async function count(table: string): Promise<number> {
  const { rows } = await world.pool.query(`select count(*)::int as count from ${table}`);
  return rows[0].count;
}

/** Bounces have numbers of their own. */
function unique(event: Payload, turn: number): Payload {
  return typeof event.ID === "number" ? { ...event, ID: event.ID * 1000 + turn } : event;
}

function permutations<T>(list: T[]): T[][] {
  if (list.length < 2) return [list];
  return list.flatMap((first, at) => permutations(list.toSpliced(at, 1)).map((rest) => [first, ...rest]));
}
