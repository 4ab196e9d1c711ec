import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { openWorld, type World } from "../support/world.ts";
import { acceptedLetter, hear, type Payload, payloadsFor, storeCalls } from "./webhook-support.ts";

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

const address = "ada@school.test";

/** What may be sent to an address: on each stream an essential letter and any other. */
type Refusals = {
  outbound: { security: string | null; event: string | null };
  broadcast: { event: string | null };
};

const everywhere = (reason: string) => ({
  outbound: { security: reason, event: reason },
  broadcast: { event: reason },
});

const nowhere = { outbound: { security: null, event: null }, broadcast: { event: null } };

const causes: { what: string; stream?: string; events: Payload[]; refusals: Refusals }[] = [
  {
    what: "a hard bounce",
    events: [{ Type: "HardBounce", Inactive: true }],
    refusals: everywhere("hard-bounce"),
  },
  {
    what: "an address that cannot be one",
    events: [{ Type: "BadEmailAddress", TypeCode: 100000, Inactive: false }],
    refusals: everywhere("hard-bounce"),
  },
  {
    what: "a soft bounce after which the provider gives up",
    events: [{ Type: "SoftBounce", TypeCode: 4096, Inactive: true }],
    refusals: everywhere("hard-bounce"),
  },
  {
    what: "a kind of bounce that nobody knows, after which the provider gives up",
    events: [{ Type: "Novelty", Inactive: true }],
    refusals: everywhere("hard-bounce"),
  },
  { what: "a single soft bounce", events: [{ Type: "SoftBounce", Inactive: false }], refusals: nowhere },
  {
    what: "a server that refuses our domain",
    events: [{ Type: "Blocked", Inactive: false }],
    refusals: nowhere,
  },
  { what: "a DMARC policy", events: [{ Type: "DMARCPolicy", Inactive: true }], refusals: nowhere },
  { what: "a delay", events: [{ Type: "Transient", Inactive: false }], refusals: nowhere },
  { what: "an automatic answer", events: [{ Type: "AutoResponder", Inactive: false }], refusals: nowhere },
  {
    what: "a person who deactivates the address",
    events: [{ Type: "ManuallyDeactivated", Inactive: true }],
    refusals: { outbound: { security: "manual", event: "manual" }, broadcast: { event: null } },
  },
  {
    what: "a request by mail to unsubscribe",
    stream: "broadcast",
    events: [{ Type: "Unsubscribe", TypeCode: 16, Inactive: false }],
    refusals: { outbound: { security: null, event: null }, broadcast: { event: "unsubscribed" } },
  },
  {
    what: "three soft bounces within 14 days",
    events: [1, 8, 15].map((day) => softBounce(day)),
    refusals: { outbound: { security: null, event: "soft-bounces" }, broadcast: { event: "soft-bounces" } },
  },
  {
    what: "three soft bounces within 15 days",
    events: [1, 8, 16].map((day) => softBounce(day)),
    refusals: nowhere,
  },
];

for (const { what, stream = "outbound", events, refusals } of causes)
  test(`after ${what}: ${JSON.stringify(refusals)}`, async () => {
    const letter = await acceptedLetter(world.pool, { stream });
    await told(...events.map((event) => payloadsFor(letter, stream).bounce(event)));
    assert.deepEqual(await refusalsOf(address), refusals);
    assert.deepEqual(await refusalsOf("ADA@School.test"), refusals, "capital letters make no other address");
    assert.deepEqual(await refusalsOf("bob@school.test"), nowhere);
  });

test("a complaint ends all but essential letters for ever; on its own stream the provider refuses those too", async () => {
  const letter = await acceptedLetter(world.pool, { stream: "broadcast" });
  const { complaint, subscription } = payloadsFor(letter, "broadcast");
  const refusals = {
    outbound: { security: null, event: "spam-complaint" },
    broadcast: { event: "spam-complaint" },
  };
  await told(complaint);
  assert.deepEqual(await refusalsOf(address), refusals);
  await told(
    subscription({ SuppressSending: false, SuppressionReason: null, ChangedAt: "2030-01-01T00:00:00Z" }),
  );
  await world.pool.query("select mail.lift_suppressions($1, 'broadcast')", [address]);
  assert.deepEqual(await refusalsOf(address), refusals);
  await assert.rejects(
    world.pool.query("update mail.suppressions set lifted_at = now()"),
    /complaints_are_never_lifted/,
  );
});

const changes: { what: string; change: Payload; reason: string }[] = [
  { what: "the recipient", change: {}, reason: "unsubscribed" },
  {
    what: "somebody with the provider's account",
    change: { Origin: "Customer", MessageID: null },
    reason: "manual",
  },
  { what: "the provider", change: { Origin: "Admin", MessageID: null }, reason: "manual" },
];

for (const { what, change, reason } of changes)
  test(`a suppression by ${what} holds on its stream, and a later reactivation ends it`, async () => {
    const { subscription } = payloadsFor(
      await acceptedLetter(world.pool, { stream: "broadcast" }),
      "broadcast",
    );
    await told(subscription({ ...change, Metadata: {} }));
    assert.deepEqual(await refusalsOf(address), { ...nowhere, broadcast: { event: reason } });
    const reactivation = {
      ...change,
      SuppressSending: false,
      SuppressionReason: null,
      MessageID: null,
      Metadata: {},
    };
    await told(subscription({ ...reactivation, ChangedAt: "2026-11-20T09:00:00Z" }));
    assert.deepEqual(
      await refusalsOf(address),
      { ...nowhere, broadcast: { event: reason } },
      "an earlier one does not",
    );
    await told(subscription({ ...reactivation, ChangedAt: "2026-11-20T11:00:00Z" }));
    assert.deepEqual(await refusalsOf(address), nowhere);
  });

test("a suppression by a message of another program holds for an address that we write to, and only for such", async () => {
  const { subscription } = payloadsFor(
    { id: crypto.randomUUID(), messageId: crypto.randomUUID() },
    "broadcast",
  );
  await told(subscription());
  assert.deepEqual(await refusalsOf(address), nowhere);
  await acceptedLetter(world.pool);
  await told(subscription());
  assert.deepEqual(await refusalsOf(address), { ...nowhere, broadcast: { event: "unsubscribed" } });
});

test("a suppression on a stream that is not ours concerns nobody", async () => {
  const { subscription } = payloadsFor(
    { id: crypto.randomUUID(), messageId: crypto.randomUUID() },
    "newsletter",
  );
  await told(subscription());
  assert.deepEqual(await refusalsOf(address), nowhere);
});

test("a hard bounce is lifted by a reactivation, and comes back with the next", async () => {
  const { bounce, subscription } = payloadsFor(await acceptedLetter(world.pool));
  await told(bounce());
  await told(
    subscription({ SuppressSending: false, SuppressionReason: null, ChangedAt: "2026-11-21T00:00:00Z" }),
  );
  assert.deepEqual(await refusalsOf(address), nowhere);
  await told(bounce({ ID: 1, BouncedAt: "2026-11-22T00:00:00Z" }));
  assert.deepEqual(await refusalsOf(address), everywhere("hard-bounce"));
});

test("a letter that arrives ends a suppression by soft bounces", async () => {
  const first = await acceptedLetter(world.pool);
  await told(...[1, 2, 3].map((day) => payloadsFor(first).bounce(softBounce(day))));
  const second = await acceptedLetter(world.pool);
  await told({ ...payloadsFor(second).delivery, DeliveredAt: "2026-10-04T00:00:00Z" });
  assert.deepEqual(await refusalsOf(address), nowhere);
});

test("a letter that the provider refuses as inactive suppresses its address on that stream", async () => {
  const letter = await acceptedLetter(world.pool, { accepted: false });
  await world.pool.query("select mail.claim(1, 'test')");
  await world.pool.query("select mail.record(jsonb_build_array($1::jsonb))", [
    JSON.stringify({ id: letter.id, attempt: 1, kind: "refused", code: "406", reason: "inactive" }),
  ]);
  assert.deepEqual(await refusalsOf(address), {
    outbound: { security: "inactive", event: "inactive" },
    broadcast: { event: null },
  });
});

async function told(...payloads: Payload[]): Promise<void> {
  await storeCalls(world.pool, payloads);
  await hear(world.pool);
}

async function refusalsOf(recipient: string): Promise<Refusals> {
  const { rows } = await world.pool.query(
    `select mail.suppression_of($1, 'outbound', 'security') as security, mail.suppression_of($1, 'outbound', 'event') as event,
       mail.suppression_of($1, 'broadcast', 'campaign') as campaign`,
    [recipient],
  );
  const { security, event, campaign } = rows[0];
  return { outbound: { security, event }, broadcast: { event: campaign } };
}

function softBounce(day: number): Payload {
  const at = `2026-10-${String(day).padStart(2, "0")}`;
  return { ID: day, Type: "SoftBounce", TypeCode: 4096, Inactive: false, BouncedAt: `${at}T00:00:00Z` };
}
