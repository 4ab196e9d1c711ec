import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { Logger, runOnce } from "graphile-worker";
import type { PoolClient } from "pg";
import type { Job } from "#queue/job.ts";
import flush from "../../tasks/mail/flush.ts";
import { openMailbox, type TestMailbox } from "../support/mailbox.ts";
import { openWorld, type World } from "../support/world.ts";
import { bells, enqueue, letterOf, transportTo } from "./outbox-support.ts";

let world: World;
let mailbox: TestMailbox;

before(async () => {
  world = await openWorld();
  mailbox = await openMailbox();
});

after(async () => {
  await mailbox[Symbol.asyncDispose]();
  await world[Symbol.asyncDispose]();
});

beforeEach(async () => {
  await world.pool.query("truncate mail.letters cascade; delete from graphile_worker._private_jobs");
});

async function inTransaction<T>(
  work: (client: PoolClient) => Promise<T>,
  end: "commit" | "rollback",
): Promise<T> {
  const client = await world.pool.connect();
  try {
    await client.query("begin");
    const result = await work(client);
    await client.query(end);
    return result;
  } catch (error) {
    await client.query("rollback");
    throw error;
  } finally {
    client.release();
  }
}

async function countLetters(): Promise<number> {
  const { rows } = await world.pool.query("select count(*)::int as count from mail.letters");
  return rows[0].count;
}

test("a letter and its bell come with the commit, and a rolled-back letter leaves nothing", async () => {
  await inTransaction((client) => enqueue(client), "rollback");
  assert.equal(await countLetters(), 0);
  assert.deepEqual(await bells(world.pool, "mail/flush"), []);
  await inTransaction((client) => enqueue(client), "commit");
  assert.equal(await countLetters(), 1);
  assert.deepEqual(await bells(world.pool, "mail/flush"), [0]);
});

test("the same dedupe_key again is the first letter, also from two transactions at once", async () => {
  const first = await enqueue(world.pool, { dedupe_key: "one" });
  assert.equal(await enqueue(world.pool, { dedupe_key: "one", recipient: "other@school.test" }), first);
  const both = await Promise.all([1, 2].map(() => enqueue(world.pool, { dedupe_key: "two" })));
  assert.equal(both[0], both[1]);
  assert.equal(await countLetters(), 2);
});

test("the name of the letter's person is the name of its recipient", async () => {
  const id = await enqueue(world.pool, { data: { personName: " Ada ", signInToken: "t", code: "1" } });
  const { rows } = await world.pool.query("select recipient_name from mail.letters where id = $1", [id]);
  assert.equal(rows[0].recipient_name, "Ada");
});

test("what is not an address, a key or a template is refused before it is a letter", async () => {
  for (const recipient of [
    "",
    "ada",
    "ada@",
    "@b.c",
    "a b@c.de",
    "a@b",
    "a@b.c, d@e.fg",
    "a@b.c\nBcc: x@y.zz",
    null,
  ]) {
    await assert.rejects(enqueue(world.pool, { recipient }), { code: "HW422" }, String(recipient));
  }
  await assert.rejects(enqueue(world.pool, { dedupe_key: "" }), { code: "HW422" });
  await assert.rejects(enqueue(world.pool, { template: "../x" }), { code: "HW422" });
  assert.equal(await countLetters(), 0);
});

test("nobody who signs in may write letters or read them", async () => {
  for (const role of ["anon", "authenticated", "service_role"]) {
    for (const statement of ["select mail.wake()", "select * from mail.letters"]) {
      const attempt = inTransaction(async (client) => {
        await client.query("select set_config('role', $1, true)", [role]);
        await client.query(statement);
      }, "rollback");
      await assert.rejects(attempt, { code: "42501" });
    }
  }
});

test("a transaction rings once, however many letters it holds", async () => {
  await inTransaction(async (client) => {
    for (let n = 0; n < 20; n++) await enqueue(client);
  }, "commit");
  assert.deepEqual(await bells(world.pool, "mail/flush"), [0]);
});

test("the bell rings again when the part of the transaction that rang it is undone", async () => {
  await inTransaction(async (client) => {
    await client.query("savepoint part");
    await enqueue(client);
    await client.query("rollback to savepoint part");
    await enqueue(client);
  }, "commit");
  assert.equal(await countLetters(), 1);
  assert.deepEqual(await bells(world.pool, "mail/flush"), [0]);
});

test("transactions that write letters do not wait for each other", async () => {
  await inTransaction(async (slow) => {
    await enqueue(slow);
    await inTransaction(async (quick) => {
      await quick.query("set local lock_timeout = '1s'");
      await enqueue(quick);
    }, "commit");
    assert.equal(await countLetters(), 1);
  }, "commit");
  assert.equal(await countLetters(), 2);
});

test("a letter written while a worker is just taking the last bell has a bell of its own", async () => {
  await enqueue(world.pool);
  await inTransaction(async (worker) => {
    await worker.query(
      "update graphile_worker._private_jobs set locked_at = now(), locked_by = 'w', attempts = 1",
    );
    await inTransaction(async (client) => {
      await client.query("set local lock_timeout = '1s'");
      await enqueue(client);
    }, "commit");
  }, "commit");
  assert.deepEqual(await bells(world.pool, "mail/flush"), [0]);
});

test("a letter committed after a running flush has looked for the last time is flushed by the next", async () => {
  transportTo(mailbox.url);
  const first = await enqueue(world.pool);
  let second = "";
  let looks = 0;
  await runOnce({
    pgPool: world.pool,
    concurrency: 1,
    logger: new Logger(() => () => {}),
    taskList: {
      mail: async (_payload, helpers) => {
        const query = async (text: string, values?: unknown[]) => {
          const result = await helpers.query(text, values);
          if (text.includes("mail.claim(") && ++looks === 2) second = await enqueue(world.pool);
          return result;
        };
        await flush.run({}, { query, signal: new AbortController().signal } as Job);
      },
    },
  });
  assert.equal((await letterOf(world.pool, first)).state, "accepted");
  assert.equal((await letterOf(world.pool, second)).state, "accepted");
});
