import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { AppError } from "#errors.ts";
import { flushOutbox } from "#mail/outbox.ts";
import type { Outcome } from "#mail/outcome.ts";
import { reconcileOutbox } from "#mail/reconcile.ts";
import { startSweeper } from "#mail/sweeper.ts";
import type { MailTransport } from "#mail/transport.ts";
import { openMailbox, type TestMailbox } from "../support/mailbox.ts";
import { openWorld, type World } from "../support/world.ts";
import {
  answering,
  bells,
  deaf,
  emptyOutbox,
  enqueue,
  letTimePass,
  letterOf,
  transportTo,
} from "./outbox-support.ts";

let world: World;
let mailbox: TestMailbox;
let transport: MailTransport;

const lostAnswer: Outcome = { kind: "unknown", reason: "no complete answer" };

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

async function countReceived(): Promise<number> {
  return (await mailbox.received()).length;
}

async function lookUpAfter(interval: string, by: MailTransport = transport): Promise<void> {
  await letTimePass(world.pool, interval);
  await reconcileOutbox(world.pool, by);
}

test("a letter that was taken although the answer was lost is found and not sent again", async () => {
  for (const stream of ["outbound", "broadcast"]) {
    const id = await enqueue(world.pool, { stream });
    await flushOutbox(
      world.pool,
      answering(transport, () => lostAnswer),
    );
    assert.partialDeepStrictEqual(await letterOf(world.pool, id), {
      state: "unknown",
      error: "no complete answer",
    });
    await lookUpAfter("15 seconds");
    const letter = await letterOf(world.pool, id);
    assert.equal(letter.state, "accepted");
    assert.ok(letter.provider_message_id);
  }
  await flushOutbox(world.pool, transport);
  assert.equal(await countReceived(), 2);
});

test("an unknown letter rings for its first look-up and is listed as undecided until then", async () => {
  const id = await enqueue(world.pool);
  await world.pool.query("delete from graphile_worker._private_jobs");
  await flushOutbox(world.pool, deaf(lostAnswer));
  const [seconds] = await bells(world.pool, "mail/reconcile");
  assert.ok(seconds !== undefined && seconds >= 14 && seconds <= 21, String(seconds));
  const { rows } = await world.pool.query("select id, state from mail.undecided");
  assert.deepEqual(rows, [{ id, state: "unknown" }]);
  await reconcileOutbox(world.pool, transport);
  assert.equal((await letterOf(world.pool, id)).look_ups, 0);
});

test("a letter is sent again only after its quarantine and three look-ups, and then with a bell", async () => {
  const id = await enqueue(world.pool);
  await flushOutbox(world.pool, deaf(lostAnswer));
  for (const [interval, lookUps] of [
    ["15 seconds", 1],
    ["45 seconds", 2],
    ["4 minutes", 3],
  ] as const) {
    await lookUpAfter(interval);
    assert.partialDeepStrictEqual(await letterOf(world.pool, id), { state: "unknown", look_ups: lookUps });
  }
  await world.pool.query("delete from graphile_worker._private_jobs");
  await lookUpAfter("10 minutes");
  assert.equal((await letterOf(world.pool, id)).state, "queued");
  assert.deepEqual(await bells(world.pool, "mail/flush"), [0]);
  await flushOutbox(world.pool, transport);
  assert.partialDeepStrictEqual(await letterOf(world.pool, id), { state: "accepted", attempt: 2 });
  assert.equal(await countReceived(), 1);
});

test("look-ups that fail prove nothing, however long ago the hand-over was", async () => {
  const id = await enqueue(world.pool);
  await flushOutbox(world.pool, deaf(lostAnswer));
  const refused = () => Promise.reject(new Error("401"));
  const failing = { ...transport, findBatch: refused, findLetter: refused };
  for (let n = 0; n < 5; n++) await lookUpAfter("20 minutes", failing);
  assert.partialDeepStrictEqual(await letterOf(world.pool, id), { state: "unknown", look_ups: 0 });
});

test("a letter that must not be doubled is held for a person", async () => {
  const id = await enqueue(world.pool);
  await world.pool.query("update mail.letters set policy = 'hold' where id = $1", [id]);
  await flushOutbox(world.pool, deaf(lostAnswer));
  for (let n = 0; n < 3; n++) await lookUpAfter("15 minutes");
  assert.equal((await letterOf(world.pool, id)).state, "held");
  const { rows } = await world.pool.query("select id, state from mail.undecided");
  assert.deepEqual(rows, [{ id, state: "held" }]);
});

test("absence proves nothing once the provider may have forgotten", async () => {
  const id = await enqueue(world.pool);
  await flushOutbox(world.pool, deaf(lostAnswer));
  await lookUpAfter("15 seconds");
  await lookUpAfter("60 seconds");
  await lookUpAfter("45 days");
  assert.equal((await letterOf(world.pool, id)).state, "held");
});

test("after too many requests one look-up settles it", async () => {
  const id = await enqueue(world.pool);
  await flushOutbox(world.pool, deaf({ ...lostAnswer, presumedUnsent: true } as Outcome));
  await lookUpAfter("15 seconds");
  assert.equal((await letterOf(world.pool, id)).state, "queued");
});

test("each letter of a batch that was taken in part is decided by itself", async () => {
  const ids = [await enqueue(world.pool), await enqueue(world.pool), await enqueue(world.pool)];
  await flushOutbox(world.pool, {
    ...transport,
    sendBatch: async (letters, inTime) => {
      await transport.sendBatch(letters.slice(0, 1), inTime);
      return letters.map(() => lostAnswer);
    },
  });
  for (let n = 0; n < 3; n++) await lookUpAfter("15 minutes");
  const states = await Promise.all(ids.map(async (id) => (await letterOf(world.pool, id)).state));
  assert.deepEqual(states.sort(), ["accepted", "queued", "queued"]);
  await flushOutbox(world.pool, transport);
  assert.equal(await countReceived(), 3);
});

test("a sender that died before the hand-over: its letter goes out once, after the quarantine", async () => {
  const id = await enqueue(world.pool);
  await world.pool.query("select mail.claim(10, 'a process that dies')");
  await letTimePass(world.pool, "121 seconds");
  await using _sweeper = startSweeper(world.pool);
  await _sweeper[Symbol.asyncDispose]();
  for (let n = 0; n < 3; n++) await lookUpAfter("15 minutes");
  await flushOutbox(world.pool, transport);
  assert.partialDeepStrictEqual(await letterOf(world.pool, id), { state: "accepted", attempt: 2 });
  assert.equal(await countReceived(), 1);
});

test("a batch search that is of no use is followed by a look-up of each letter", async () => {
  const ids = [await enqueue(world.pool), await enqueue(world.pool)];
  await flushOutbox(
    world.pool,
    answering(transport, () => lostAnswer),
  );
  const useless = () => Promise.reject(new AppError("LookUpProvesNothing", "a page of a proxy"));
  await lookUpAfter("15 seconds", { ...transport, findBatch: useless });
  for (const id of ids) assert.equal((await letterOf(world.pool, id)).state, "accepted");
});

test("a letter that is alone is looked up by itself, which also finds an earlier attempt", async () => {
  const id = await enqueue(world.pool);
  await flushOutbox(
    world.pool,
    answering(transport, () => ({ kind: "notSent", reason: "so it seemed", code: 100 })),
  );
  await letTimePass(world.pool, "1 minute");
  await flushOutbox(world.pool, deaf(lostAnswer));
  await lookUpAfter("15 seconds");
  assert.partialDeepStrictEqual(await letterOf(world.pool, id), { state: "accepted", attempt: 2 });
});

test("what the provider tells by itself settles an unknown letter, and a second message is a duplicate", async () => {
  const id = await enqueue(world.pool);
  await flushOutbox(world.pool, deaf(lostAnswer));
  const [first, second] = [crypto.randomUUID(), crypto.randomUUID()];
  assert.equal(await learn(id, 1, first), "accepted");
  assert.partialDeepStrictEqual(await letterOf(world.pool, id), {
    state: "accepted",
    provider_message_id: first,
  });
  assert.equal(await learn(id, 1, first), "known");
  assert.equal(await learn(id, 2, second), "duplicate");
  assert.equal(await learn(id, 2, second), "known");
  assert.equal(await learn(crypto.randomUUID(), 1, second), null);
  const { rows } = await world.pool.query(
    "select letter_id, attempt, provider_message_id as message from mail.duplicates",
  );
  assert.deepEqual(rows, [{ letter_id: id, attempt: 2, message: second }]);
});

test("news of the attempt in hand settle it before its answer; the answer then tells nothing new", async () => {
  const id = await enqueue(world.pool);
  const messageId = crypto.randomUUID();
  await flushOutbox(world.pool, {
    ...transport,
    sendBatch: async () => {
      assert.equal(await learn(id, 1, messageId), "accepted");
      return [{ kind: "accepted", messageId }];
    },
  });
  assert.equal((await letterOf(world.pool, id)).provider_message_id, messageId);
  const { rows } = await world.pool.query("select count(*)::int as count from mail.duplicates");
  assert.deepEqual(rows, [{ count: 0 }]);
});

test("a sender that died after its first attempt was found to have arrived: the letter is accepted", async () => {
  const id = await enqueue(world.pool);
  await flushOutbox(world.pool, deaf({ kind: "notSent", reason: "so it seemed", code: 100 }));
  await letTimePass(world.pool, "1 minute");
  await world.pool.query("select mail.claim(10, 'a process that dies')");
  assert.equal(await learn(id, 1, crypto.randomUUID()), "accepted");
  assert.equal((await letterOf(world.pool, id)).state, "sending");
  await letTimePass(world.pool, "121 seconds");
  await world.pool.query("select mail.sweep()");
  assert.equal((await letterOf(world.pool, id)).state, "accepted");
});

test("a letter that is too late by the end of its quarantine expires", async () => {
  const id = await enqueue(world.pool, { expires_at: new Date(Date.now() + 60_000) });
  await flushOutbox(world.pool, deaf(lostAnswer));
  for (let n = 0; n < 3; n++) await lookUpAfter("15 minutes");
  assert.partialDeepStrictEqual(await letterOf(world.pool, id), {
    state: "expired",
    error: "not known to the provider, and too late to send again",
  });
});

test("a person decides about a held letter: send, accept or drop", async () => {
  for (const [decision, state] of [
    ["accept", "accepted"],
    ["drop", "cancelled"],
    ["send", "queued"],
  ]) {
    const id = await enqueue(world.pool, { policy: "hold" });
    await flushOutbox(world.pool, deaf(lostAnswer));
    for (let n = 0; n < 3; n++) await lookUpAfter("15 minutes");
    assert.equal((await letterOf(world.pool, id)).state, "held");
    await world.pool.query("select mail.decide($1, $2)", [id, decision]);
    assert.equal((await letterOf(world.pool, id)).state, state);
    await assert.rejects(world.pool.query("select mail.decide($1, $2)", [id, decision]), { code: "HW409" });
  }
  await letTimePass(world.pool, "1 minute");
  await flushOutbox(world.pool, transport);
  assert.equal(await countReceived(), 1);
  await assert.rejects(world.pool.query("select mail.decide(gen_random_uuid(), 'send')"), { code: "HW404" });
  await assert.rejects(world.pool.query("select mail.decide(gen_random_uuid(), 'burn')"), { code: "HW422" });
});

async function learn(id: string, attempt: number, messageId: string): Promise<string | null> {
  const { rows } = await world.pool.query("select mail.learn_receipt($1, $2, $3) as told", [
    id,
    attempt,
    messageId,
  ]);
  return rows[0].told;
}
