import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { flushOutbox, type Queryable } from "#mail/outbox.ts";
import type { Outcome } from "#mail/outcome.ts";
import { publishTemplates } from "#mail/templates.ts";
import type { MailTransport } from "#mail/transport.ts";
import { onTelemetry } from "#telemetry.ts";
import { openMailbox, type TestMailbox } from "../support/mailbox.ts";
import { openWorld, type World } from "../support/world.ts";
import { bells, deaf, emptyOutbox, enqueue, letTimePass, letterOf, transportTo } from "./outbox-support.ts";

let world: World;
let mailbox: TestMailbox;
let transport: MailTransport;

before(async () => {
  world = await openWorld();
  mailbox = await openMailbox();
  transport = transportTo(mailbox.url);
});

after(async () => {
  await mailbox[Symbol.asyncDispose]();
  await world[Symbol.asyncDispose]();
});

beforeEach(async () => {
  await mailbox.control("POST", "reset", {});
  await emptyOutbox(world.pool);
});

async function received() {
  return (await mailbox.received()).map((message) => ({ ...message, mid: message.metadata.mid }));
}

async function sweep(): Promise<{ leases_lost: number; expired: number }> {
  const { rows } = await world.pool.query("select * from mail.sweep()");
  return rows[0];
}

async function record(...outcomes: object[]) {
  const { rows } = await world.pool.query("select mail.record($1) as id", [JSON.stringify(outcomes)]);
  return rows.map(({ id }) => id);
}

test("a flush sends the words of a letter as they are and writes down the receipt", async () => {
  const id = await enqueue(world.pool);
  await flushOutbox(world.pool, transport);
  const letter = await letterOf(world.pool, id);
  assert.partialDeepStrictEqual(letter, {
    state: "accepted",
    attempt: 1,
    subject: "Your sign-in link",
    error: null,
  });
  const [message, ...more] = await received();
  assert.deepEqual(more, []);
  assert.partialDeepStrictEqual(message, {
    id: letter.provider_message_id,
    mid: id,
    subject: letter.subject,
    htmlBody: letter.html,
    textBody: letter.text,
  });
  assert.match(letter.text ?? "", /https:\/\/school\.test\/sign-in#t0ken/);
  assert.equal(message?.id, letter.provider_message_id);
});

test("the intent to send is committed before a byte leaves", async () => {
  const id = await enqueue(world.pool);
  let seen: object = {};
  await flushOutbox(world.pool, {
    ...transport,
    sendBatch: async (letters, inTime) => {
      seen = await letterOf(world.pool, id);
      return transport.sendBatch(letters, inTime);
    },
  });
  assert.partialDeepStrictEqual(seen, { state: "sending", attempt: 1 });
});

test("a retry sends the same bytes, whatever has changed since", async () => {
  const id = await enqueue(world.pool);
  await flushOutbox(world.pool, deaf({ kind: "notSent", reason: "not reached", code: "ECONNREFUSED" }));
  const frozen = await letterOf(world.pool, id);
  await letTimePass(world.pool, "1 hour");
  await publishTemplates(world.pool, "https://moved.test");
  await flushOutbox(world.pool, transport);
  await publishTemplates(world.pool, "https://school.test");
  const letter = await letterOf(world.pool, id);
  assert.equal(letter.state, "accepted");
  assert.equal(letter.attempt, 2);
  const [message] = await received();
  assert.deepEqual(
    [message?.subject, message?.htmlBody, message?.textBody],
    [frozen.subject, frozen.html, frozen.text],
  );
});

test("a letter that was not sent waits longer each time, with a bell for then", async () => {
  const id = await enqueue(world.pool);
  await world.pool.query("delete from graphile_worker._private_jobs");
  await flushOutbox(world.pool, deaf({ kind: "notSent", reason: "not reached", code: "ECONNREFUSED" }));
  assert.partialDeepStrictEqual(await letterOf(world.pool, id), {
    state: "queued",
    attempt: 1,
    later: true,
    error: "not reached",
    error_code: "ECONNREFUSED",
  });
  const [endOfRest, nextAttempt, ...more] = await bells(world.pool, "mail/flush");
  assert.ok(endOfRest !== undefined && endOfRest <= 8, String(endOfRest));
  assert.ok(nextAttempt !== undefined && nextAttempt >= 8 && nextAttempt <= 17, String(nextAttempt));
  assert.deepEqual(more, []);
});

test("bells for one moment are one, and every moment has its bell", async () => {
  const ring = (...moments: string[]) =>
    world.pool.query("select mail.wake_at('mail/flush', variadic $1::timestamptz[])", [moments]);
  await ring("2037-01-01T00:00:02Z", "2037-01-01T00:00:04Z", "2037-01-01T00:00:06Z");
  await ring("2037-01-01T00:00:01Z", "2037-01-01T00:00:05Z");
  assert.equal((await bells(world.pool, "mail/flush")).length, 2);
});

test("a refusal is final and says why; an inactive recipient is suppressed", async () => {
  const bad = await enqueue(world.pool);
  await flushOutbox(world.pool, deaf({ kind: "refused", code: 300, message: "Invalid" }));
  assert.partialDeepStrictEqual(await letterOf(world.pool, bad), {
    state: "failed",
    error_code: "300",
    error: "Invalid",
  });
  const inactive = await enqueue(world.pool);
  await flushOutbox(world.pool, deaf({ kind: "refused", code: 406, message: "Inactive" }));
  assert.partialDeepStrictEqual(await letterOf(world.pool, inactive), {
    state: "suppressed",
    error_code: "406",
  });
});

test("two flushes at once send each letter once", async () => {
  const ids = await Promise.all(Array.from({ length: 120 }, () => enqueue(world.pool)));
  await Promise.all([1, 2, 3].map(() => flushOutbox(world.pool, { ...transport }, { batchSize: 7 })));
  const sent = (await received()).map(({ mid }) => mid);
  assert.deepEqual(sent.sort(), ids.sort());
});

test("a request holds letters of one stream, and urgent ones have theirs", async () => {
  const campaign = await enqueue(world.pool, { stream: "broadcast", priority: 200 });
  const notice = await enqueue(world.pool, { priority: 100 });
  const signIn = await enqueue(world.pool, { priority: 10 });
  const batches: string[][] = [];
  await flushOutbox(world.pool, {
    ...transport,
    sendBatch: (letters, inTime) => {
      batches.push(letters.map(({ id }) => id));
      return transport.sendBatch(letters, inTime);
    },
  });
  assert.deepEqual(batches.sort(), [[campaign], [notice], [signIn]].sort());
  assert.deepEqual((await received()).map(({ stream }) => stream).sort(), [
    "broadcast",
    "outbound",
    "outbound",
  ]);
});

test("an expired letter is not sent", async () => {
  const id = await enqueue(world.pool, { expires_at: new Date(Date.now() - 1000) });
  await flushOutbox(world.pool, transport);
  assert.equal((await letterOf(world.pool, id)).state, "queued");
  assert.deepEqual(await sweep(), { leases_lost: 0, expired: 1 });
  assert.equal((await letterOf(world.pool, id)).state, "expired");
  assert.deepEqual(await received(), []);
});

test("a sender that dies leaves its letters unknown when the lease ends, and rings for a look-up", async () => {
  const id = await enqueue(world.pool);
  await world.pool.query("select mail.claim(10, 'a process that dies')");
  assert.deepEqual(await sweep(), { leases_lost: 0, expired: 0 });
  assert.equal((await letterOf(world.pool, id)).state, "sending");
  await letTimePass(world.pool, "121 seconds");
  assert.deepEqual(await sweep(), { leases_lost: 1, expired: 0 });
  assert.equal((await letterOf(world.pool, id)).state, "unknown");
  await letTimePass(world.pool, "15 seconds");
  await sweep();
  assert.equal((await bells(world.pool, "mail/reconcile")).length, 1);
});

test("a database that fails after the hand-over leaves the letter sending, never queued", async () => {
  const id = await enqueue(world.pool);
  const failing: Queryable = {
    query: (text, values) => {
      if (text.includes("mail.record(")) throw new Error("connection lost");
      return world.pool.query(text, values);
    },
  };
  await assert.rejects(flushOutbox(failing, transport), /connection lost/);
  assert.equal((await letterOf(world.pool, id)).state, "sending");
  assert.equal((await received()).length, 1);
});

test("an acceptance is believed however late; another result counts only for its own attempt", async () => {
  const id = await enqueue(world.pool);
  await flushOutbox(world.pool, deaf({ kind: "notSent", reason: "not reached", code: "ENOTFOUND" }));
  await record({ id, attempt: 0, kind: "refused", code: "300", reason: "old" });
  assert.equal((await letterOf(world.pool, id)).state, "queued");
  const messageId = crypto.randomUUID();
  await record({ id, attempt: 1, kind: "accepted", messageId });
  assert.partialDeepStrictEqual(await letterOf(world.pool, id), {
    state: "accepted",
    provider_message_id: messageId,
  });
});

test("a late refusal of the first hand-over does not touch the second", async () => {
  const id = await enqueue(world.pool);
  await flushOutbox(world.pool, deaf({ kind: "notSent", reason: "not reached", code: "ENOTFOUND" }));
  await letTimePass(world.pool, "1 hour");
  await world.pool.query("select mail.claim(10, 'second')");
  for (const kind of ["refused", "notSent", "unknown"])
    await record({ id, attempt: 1, kind, reason: "late" });
  assert.partialDeepStrictEqual(await letterOf(world.pool, id), {
    state: "sending",
    attempt: 2,
    error: null,
  });
});

test("a second acceptance of one letter is told and listed", async () => {
  const id = await enqueue(world.pool);
  await flushOutbox(world.pool, deaf({ kind: "notSent", reason: "not reached", code: "ENOTFOUND" }));
  await letTimePass(world.pool, "1 hour");
  await flushOutbox(world.pool, transport);
  const told = await record({ id, attempt: 1, kind: "accepted", messageId: crypto.randomUUID() });
  assert.deepEqual(told, [id]);
  const { rows } = await world.pool.query("select letter_id, attempt from mail.duplicates");
  assert.deepEqual(rows, [{ letter_id: id, attempt: 1 }]);
  assert.equal((await letterOf(world.pool, id)).attempt, 2);
});

test("the first acceptance wins over a later refusal of the second hand-over", async () => {
  const id = await enqueue(world.pool);
  await flushOutbox(world.pool, deaf({ kind: "notSent", reason: "not reached", code: "ENOTFOUND" }));
  await letTimePass(world.pool, "1 hour");
  await world.pool.query("select mail.claim(10, 'second')");
  const messageId = crypto.randomUUID();
  await record({ id, attempt: 1, kind: "accepted", messageId });
  assert.equal((await letterOf(world.pool, id)).state, "sending");
  await record({ id, attempt: 2, kind: "refused", code: "300", reason: "no" });
  assert.partialDeepStrictEqual(await letterOf(world.pool, id), {
    state: "accepted",
    provider_message_id: messageId,
  });
});

test("trouble that needs a person is told and keeps the letters", async () => {
  const id = await enqueue(world.pool);
  const told: unknown[] = [];
  const stop = onTelemetry((event, payload) => {
    if (event === "mail:stopped") told.push(payload);
  });
  const badToken: Outcome = { kind: "notSent", reason: "bad token", code: 10, stop: true };
  await flushOutbox(world.pool, deaf(badToken));
  stop();
  assert.deepEqual(told, [{ stream: "outbound", code: 10, reason: "bad token" }]);
  assert.equal((await letterOf(world.pool, id)).state, "queued");
});

test("the sweep rings for letters whose bell was lost", async () => {
  await enqueue(world.pool);
  await world.pool.query("delete from graphile_worker._private_jobs");
  await sweep();
  assert.deepEqual(await bells(world.pool, "mail/flush"), []);
  await letTimePass(world.pool, "31 seconds");
  await sweep();
  assert.equal((await bells(world.pool, "mail/flush")).length, 1);
});

test("the database refuses a rewritten letter and a state that cannot follow", async () => {
  const id = await enqueue(world.pool);
  await flushOutbox(world.pool, transport);
  for (const change of [
    "category = 'campaign'",
    "recipient = 'eve@school.test'",
    "state = 'queued'",
    "attempt = 0",
  ]) {
    await assert.rejects(world.pool.query(`update mail.letters set ${change} where id = $1`, [id]), {
      code: "HW409",
    });
  }
  const fresh = await enqueue(world.pool);
  await assert.rejects(
    world.pool.query("update mail.letters set state = 'delivered' where id = $1", [fresh]),
    {
      code: "HW409",
    },
  );
  await assert.rejects(world.pool.query("update mail.letters set state = 'sending' where id = $1", [fresh]), {
    constraint: "letters_handed_over_name_their_batch",
  });
});

test("a flush that is asked to end leaves the rest with a bell", async () => {
  const ids = [await enqueue(world.pool), await enqueue(world.pool)];
  await world.pool.query("delete from graphile_worker._private_jobs");
  const stop = new AbortController();
  const stopping: MailTransport = {
    ...transport,
    sendBatch: (letters, inTime) => {
      stop.abort();
      return transport.sendBatch(letters, inTime);
    },
  };
  await world.pool.query("update mail.streams set requests_at_once = 1");
  await flushOutbox(world.pool, stopping, { batchSize: 1, signal: stop.signal });
  const states = await Promise.all(ids.map(async (id) => (await letterOf(world.pool, id)).state));
  assert.deepEqual(states.sort(), ["accepted", "queued"]);
  assert.deepEqual(await bells(world.pool, "mail/flush"), [0]);
});
