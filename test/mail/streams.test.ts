import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import type { Lane } from "#mail/lanes.ts";
import { flushOutbox } from "#mail/outbox.ts";
import type { Outcome } from "#mail/outcome.ts";
import type { MailTransport } from "#mail/transport.ts";
import { onTelemetry } from "#telemetry.ts";
import { openWorld, type World } from "../support/world.ts";
import { bells, deaf, emptyOutbox, enqueue, letTimePass, letterOf } from "./outbox-support.ts";

let world: World;
before(async () => {
  world = await openWorld();
});
after(() => world[Symbol.asyncDispose]());
beforeEach(() => emptyOutbox(world.pool));

const noAnswer: Outcome = { kind: "unknown", reason: "no complete answer" };

/** Takes every letter, and notes how many came at once. */
function taking(): MailTransport & { sizes: number[] } {
  const sizes: number[] = [];
  return {
    ...deaf(noAnswer),
    sizes,
    sendBatch: async (letters) => {
      sizes.push(letters.length);
      return letters.map(() => ({ kind: "accepted", messageId: crypto.randomUUID() }));
    },
  };
}

async function stateOf(id: string): Promise<string> {
  return (await letterOf(world.pool, id)).state;
}

async function enqueueMany(count: number, values: Record<string, unknown> = {}): Promise<void> {
  const data = { personName: "Ada", signInToken: "t", code: "1" };
  const letters = Array.from({ length: count }, (_, n) => ({
    ...{ template: "sign-in-link", recipient: `p${n}@school.test`, data, dedupeKey: crypto.randomUUID() },
    ...values,
  }));
  await world.pool.query("select mail.enqueue_many($1)", [JSON.stringify(letters)]);
}

async function accepted(): Promise<number> {
  const { rows } = await world.pool.query(
    "select count(*)::int as count from mail.letters where state = 'accepted'",
  );
  return rows[0].count;
}

async function stream(name = "outbound") {
  const { rows } = await world.pool.query(
    "select *, resting_until > now() as resting from mail.streams where stream = $1",
    [name],
  );
  return rows[0];
}

test("what only a person can mend stops the stream, and is told once", async () => {
  const told: unknown[] = [];
  const stop = onTelemetry((event, payload) => {
    if (event === "mail:stopped") told.push(payload);
  });
  await enqueueMany(60);
  const other = await enqueue(world.pool, { stream: "broadcast" });
  const badToken: Outcome = { kind: "notSent", reason: "bad token", code: 10, stop: true };
  await flushOutbox(world.pool, deaf(badToken), { lanes: ["outbound"], batchSize: 20 });
  stop();
  assert.deepEqual(told, [{ stream: "outbound", code: 10, reason: "bad token" }]);
  await letTimePass(world.pool, "1 hour");
  const transport = taking();
  await flushOutbox(world.pool, transport);
  assert.deepEqual([transport.sizes, await stateOf(other)], [[1], "accepted"]);
  const { rows } = await world.pool.query(
    "select mail.resume('outbound') as was, mail.resume('broadcast') as other",
  );
  assert.deepEqual(rows, [{ was: true, other: false }]);
  await flushOutbox(world.pool, transport);
  assert.equal(await accepted(), 61);
});

test("a stream rests after trouble, longer each time, and one small request tries", async () => {
  await enqueueMany(120);
  const transport = taking();
  const trouble = deaf(noAnswer);
  const rests: number[] = [];
  for (let n = 0; n < 3; n++) {
    await flushOutbox(world.pool, trouble, { lanes: ["outbound"], batchSize: 10, patienceMs: 500 });
    const { troubles, resting, resting_until } = await stream();
    assert.deepEqual([troubles, resting], [n + 1, true]);
    rests.push(Math.round((resting_until.getTime() - Date.now()) / 1000));
    await world.pool.query("update mail.streams set resting_until = now() where troubles > 0");
  }
  assert.ok(
    rests[0] !== undefined && rests[2] !== undefined && rests[0] <= 3 && rests[2] >= 5,
    String(rests),
  );
  await flushOutbox(world.pool, transport);
  assert.equal(transport.sizes[0], 25);
  assert.partialDeepStrictEqual(await stream(), { troubles: 0, resting_until: null, trouble: null });
});

test("while a stream rests, the other one goes and urgent letters try", async () => {
  await enqueue(world.pool);
  await flushOutbox(world.pool, deaf(noAnswer));
  const waiting = await enqueue(world.pool);
  const [urgent, campaign] = [
    await enqueue(world.pool, { priority: 10 }),
    await enqueue(world.pool, { stream: "broadcast" }),
  ];
  await flushOutbox(world.pool, taking(), { lanes: ["urgent", "broadcast"] });
  assert.deepEqual(
    [await stateOf(waiting), await stateOf(urgent), await stateOf(campaign)],
    ["queued", "accepted", "accepted"],
  );
  assert.equal((await stream()).resting, null, "what the urgent letter has shown ends the rest");
});

test("a hanging request of one lane keeps no other lane waiting, nor the next request of its own", async () => {
  const hanging = Promise.withResolvers<void>();
  const began = Promise.withResolvers<void>();
  const inner = taking();
  const transport: MailTransport = {
    ...inner,
    sendBatch: async (letters, inTime) => {
      if (letters[0]?.recipient === "slow@school.test") {
        began.resolve();
        await hanging.promise;
      }
      return inner.sendBatch(letters, inTime);
    },
  };
  const slow = await enqueue(world.pool, { recipient: "slow@school.test" });
  const flush = flushOutbox(world.pool, transport);
  await began.promise;
  const ids = [await enqueue(world.pool), await enqueue(world.pool, { priority: 10 })];
  await flushOutbox(world.pool, transport);
  await until(async () => (await accepted()) === 2);
  assert.deepEqual(
    [await stateOf(ids[0] ?? ""), await stateOf(ids[1] ?? ""), await stateOf(slow)],
    ["accepted", "accepted", "sending"],
  );
  hanging.resolve();
  await flush;
  assert.equal(await stateOf(slow), "accepted");
});

test("the bell of an urgent letter hangs in the queue for what is urgent", async () => {
  await world.pool.query("delete from graphile_worker._private_jobs");
  await world.pool.query("begin; select mail.wake(true), mail.wake(true), mail.wake(); commit");
  const { rows } = await world.pool.query(
    "select queue, payload::json -> 'data' as data from queue.jobs order by 1",
  );
  assert.deepEqual(rows, [
    { queue: "high", data: { lane: "urgent" } },
    { queue: "mail", data: {} },
  ]);
});

test("several requests are under way, as many as the operator allows", async () => {
  const most = async (allowed: number) => {
    await world.pool.query("update mail.streams set requests_at_once = $1", [allowed]);
    let [now, peak] = [0, 0];
    await enqueueMany(120);
    await flushOutbox(
      world.pool,
      {
        ...taking(),
        sendBatch: async (letters) => {
          peak = Math.max(peak, ++now);
          await world.pool.query("select pg_sleep(0.05)");
          now--;
          return letters.map(() => ({ kind: "accepted", messageId: crypto.randomUUID() }));
        },
      },
      { batchSize: 10 },
    );
    return peak;
  };
  assert.equal(await most(1), 1);
  const three = await most(3);
  assert.ok(three === 2 || three === 3, String(three));
});

test("letters per second are a setting that an operator changes while it runs", async () => {
  await enqueueMany(40);
  await world.pool.query("select mail.set_rate('outbound', 20)");
  const began = performance.now();
  const transport = taking();
  await flushOutbox(world.pool, transport, { patienceMs: 1000 });
  const seconds = (performance.now() - began) / 1000;
  const sent = transport.sizes.reduce((sum, size) => sum + size, 0);
  assert.ok(sent > 0 && sent <= 20 * seconds + 1, `${sent} in ${seconds} s`);
  const urgent = await enqueue(world.pool, { priority: 10 });
  await flushOutbox(world.pool, transport, { lanes: ["urgent"] });
  assert.equal(await stateOf(urgent), "accepted");
  await world.pool.query("select mail.set_rate('outbound', null)");
  await flushOutbox(world.pool, transport);
  assert.equal(await accepted(), 41);
  await assert.rejects(world.pool.query("select mail.set_rate('outbound', 0)"), { code: "HW422" });
  await assert.rejects(world.pool.query("select mail.set_rate('nowhere', 1)"), { code: "HW404" });
});

test("a pause of the queue keeps letters too", async () => {
  const id = await enqueue(world.pool);
  await world.pool.query("select queue.pause('mail')");
  await flushOutbox(world.pool, taking());
  assert.equal(await stateOf(id), "queued");
  await world.pool.query("select queue.resume('mail')");
  await flushOutbox(world.pool, taking());
  assert.equal(await stateOf(id), "accepted");
});

test("who may not be written to any more is set aside when the letter is claimed", async () => {
  const [bad, good] = [
    await enqueue(world.pool, { recipient: "Gone@school.test", category: "event" }),
    await enqueue(world.pool, { category: "event" }),
  ];
  await world.pool.query(
    `insert into mail.suppressions (address, reason, origin, since) values ('gone@school.test', 'hard-bounce', 'recipient', now())`,
  );
  for (const lane of ["outbound", "broadcast"] satisfies Lane[])
    await flushOutbox(world.pool, taking(), { lanes: [lane], batchSize: 1 });
  assert.partialDeepStrictEqual(await letterOf(world.pool, bad), {
    state: "suppressed",
    error: "hard-bounce",
  });
  assert.equal(await stateOf(good), "accepted");
});

test("an address that the provider calls inactive is not written to again", async () => {
  const inactive: Outcome = { kind: "refused", code: 406, message: "inactive" };
  await enqueue(world.pool, { category: "event" });
  await flushOutbox(world.pool, deaf(inactive));
  const next = await enqueue(world.pool, { category: "event" });
  await flushOutbox(world.pool, taking());
  assert.partialDeepStrictEqual(await letterOf(world.pool, next), { state: "suppressed", error: "inactive" });
});

test("a sign-in letter never goes again two minutes after it was handed over", async () => {
  const expires_at = new Date(Date.now() + 900_000);
  const values = { category: "security", priority: 10, expires_at };
  const [refused, unanswered] = [await enqueue(world.pool, values), await enqueue(world.pool, values)];
  await flushOutbox(world.pool, {
    ...deaf(noAnswer),
    sendBatch: async (letters) =>
      letters.map(({ id }) =>
        id === refused ? { kind: "notSent", reason: "not reached", code: "ENOTFOUND" } : noAnswer,
      ),
  });
  await letTimePass(world.pool, "2 minutes");
  await world.pool.query("select mail.sweep()");
  assert.equal(await stateOf(refused), "expired");
  assert.equal(await stateOf(unanswered), "unknown");
  assert.equal((await bells(world.pool, "mail/reconcile")).length > 0, true);
});

async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise((resolve) => setImmediate(resolve));
}
