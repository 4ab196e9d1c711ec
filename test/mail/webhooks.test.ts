import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { openPool } from "#db/pool.ts";
import { openWorld, type World } from "../support/world.ts";
import {
  acceptedLetter,
  authorization,
  hear,
  openReceiver,
  payloadsFor,
  type Receiver,
  stateOf,
} from "./webhook-support.ts";

let world: World;
let receiver: Receiver;

before(async () => {
  world = await openWorld();
  receiver = await openReceiver(world.pool);
});

after(async () => {
  await receiver[Symbol.asyncDispose]();
  await world[Symbol.asyncDispose]();
});

beforeEach(async () => {
  await world.pool.query(
    "truncate mail.letters, mail.webhook_calls, mail.suppressions, mail.reactivations cascade",
  );
});

test("a call is stored before it is answered 200, and rings for whoever hears it", async () => {
  const letter = await acceptedLetter(world.pool);
  assert.equal(
    await receiver.post(payloadsFor(letter).delivery, { "x-pm-webhook-trace-id": "trace-1" }),
    200,
  );
  const { rows } = await world.pool.query(
    "select trace_id, stream, payload, outcome from mail.webhook_calls",
  );
  assert.equal(rows.length, 1);
  assert.equal(rows[0].trace_id, "trace-1");
  assert.equal(rows[0].stream, "outbound");
  assert.equal(rows[0].payload.MessageID, letter.messageId);
  assert.equal(rows[0].outcome, null);
  assert.equal(await bells(), 1);
  await hear(world.pool);
  assert.equal(await stateOf(world.pool, letter.id), "delivered");
});

test("who does not know the secret is answered 401, and nothing is stored; who knows it is answered 200", async () => {
  const call = payloadsFor(await acceptedLetter(world.pool)).delivery;
  const strangers = [
    { authorization: "" },
    authorization("wrong"),
    authorization("the-secret-of-the-webhook", "somebody"),
    { authorization: "Bearer the-secret-of-the-webhook" },
  ];
  for (const headers of strangers) assert.equal(await receiver.post(call, headers), 401);
  assert.equal(await storedCalls(), 0);
  assert.equal(await receiver.post(call), 200);
  assert.equal(await storedCalls(), 1);
});

const oddBodies: Record<string, { body: string; headers?: Record<string, string> }> = {
  "no body": { body: "" },
  "no JSON": { body: "hello" },
  "a list": { body: "[1, 2]" },
  "JSON that is cut short": { body: '{"RecordType": "Open", "Geo": {"IP": "188.2.95.4"' },
  "a character that Postgres cannot keep": {
    body: '{"RecordType": "Delivery\\u0000", "Recipient": "\\ud800"}',
  },
  "JSON of great depth": { body: `{"RecordType": ${"[".repeat(20_000)}${"]".repeat(20_000)}}` },
  "bytes that are no UTF-8": {
    body: '{"RecordType": "\xff"}',
    headers: { "content-type": "application/octet-stream" },
  },
  "a content type that is none": { body: "{}", headers: { "content-type": "%%%" } },
  "an unknown kind of record": { body: '{"RecordType": "Inbound", "MessageID": "x"}' },
  "more than any event has": {
    body: JSON.stringify({ RecordType: "Bounce", Content: "x".repeat(2_000_000) }),
  },
  "moments that are none": {
    body: JSON.stringify({
      RecordType: "Delivery",
      Recipient: "a@b.test",
      MessageID: crypto.randomUUID(),
      DeliveredAt: "soon",
    }),
  },
};

for (const [what, { body, headers }] of Object.entries(oddBodies))
  test(`whoever knows the secret is answered 200 and kept, even with ${what}`, async () => {
    assert.equal(await receiver.post(body, headers), 200);
    assert.equal(await storedCalls(), 1);
    await hear(world.pool);
    const { rows } = await world.pool.query("select outcome, problem from mail.webhook_calls");
    assert.notEqual(rows[0].outcome, null, "nothing waits for ever");
    assert.notEqual(rows[0].outcome, "taken");
  });

test("an odd call keeps no other from being heard", async () => {
  const letter = await acceptedLetter(world.pool);
  await receiver.post('{"RecordType": "Nonsense"}');
  await receiver.post(payloadsFor(letter).delivery);
  await receiver.post("nonsense");
  await hear(world.pool);
  assert.equal(await stateOf(world.pool, letter.id), "delivered");
  const { rows } = await world.pool.query("select outcome from mail.webhook_calls order by id");
  assert.deepEqual(
    rows.map(({ outcome }) => outcome),
    ["odd", "taken", "unreadable"],
  );
});

test("nowhere in the database is where a reader was, with which program, or what a bounced letter said", async () => {
  const letter = await acceptedLetter(world.pool);
  const { open, click, bounce } = payloadsFor(letter);
  const whole = JSON.stringify(open);
  for (const body of [
    open,
    click,
    bounce({ Content: "Received: from 10.9.8.7" }),
    whole.slice(0, -2),
    whole.slice(200),
  ])
    assert.equal(await receiver.post(body), 200);
  await hear(world.pool);
  assert.equal(await stateOf(world.pool, letter.id), "bounced", "they were heard");
  const text = await everythingIn("mail", "queue", "app", "graphile_worker", "laravel");
  assert.match(text, new RegExp(letter.messageId), "the search finds what is there");
  for (const trace of [
    "188.2.95.4",
    "45.2517",
    "Novi Sad",
    "21000",
    "Mozilla",
    "Chrome",
    "10.9.8.7",
    "token=secret",
  ])
    assert.ok(!text.includes(trace), trace);
});

test("while no connection is free, a call is answered 503, and its repetition is taken", async () => {
  const pool = openPool(world.databaseUrl, "narrow", { max: 1 });
  await using hasty = await openReceiver(pool, { patienceMs: 200 });
  await using patient = await openReceiver(pool);
  const call = payloadsFor(await acceptedLetter(world.pool)).delivery;
  const held = await pool.connect();
  assert.equal(await hasty.post(call), 503);
  held.release();
  assert.equal(await patient.post(call), 200);
  await pool.end();
});

async function storedCalls(): Promise<number> {
  const { rows } = await world.pool.query("select count(*)::int as count from mail.webhook_calls");
  return rows[0].count;
}

async function bells(): Promise<number> {
  const { rows } = await world.pool.query(
    "select count(*)::int as count from queue.jobs where payload::json ->> 'job' = 'mail/hear'",
  );
  return rows[0].count;
}

/** All rows of all tables of these schemas as one text. */
async function everythingIn(...schemas: string[]): Promise<string> {
  const { rows: tables } = await world.pool.query<{ name: string }>(
    `select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname = any ($1)`,
    [schemas],
  );
  const texts = [];
  for (const { name } of tables) {
    const { rows } = await world.pool.query(`select string_agg(t::text, ' ') as text from ${name} t`);
    texts.push(rows[0].text);
  }
  return texts.join(" ");
}
