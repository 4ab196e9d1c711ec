import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
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
