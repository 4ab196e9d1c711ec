import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import { addToBatch, batchOf, cancelBatch, dispatchBatch } from "#queue/batch.ts";
import { retry, retryBatch } from "#queue/control.ts";
import { dispatchChain } from "#queue/dispatch.ts";
import { Fail } from "#queue/errors.ts";
import { until } from "../support/wait.ts";
import { many, openYard, type Yard } from "./limits-support.ts";
import { inTransaction, openEars } from "./support.ts";

declare global {
  namespace GraphileWorker {
    interface Tasks {
      "batch/do": { n?: unknown; says?: string | null; deep?: object };
      "batch/refuse": { n?: unknown };
      "batch/hold": { n?: unknown };
      "batch/add": { more: number };
      "batch/told": { what: string; batchId: string; failedJob?: string };
    }
  }
}

let yard: Yard;
let done: Record<string, unknown>[] = [];
let told: Record<string, unknown>[] = [];
let mended = false;
let release = Promise.withResolvers<void>();

before(async () => {
  yard = await openYard({
    "batch/do": (payload) => void done.push(payload),
    "batch/refuse": (payload) => {
      if (!mended) throw new Fail("not today");
      done.push(payload);
    },
    "batch/hold": async (payload) => {
      await release.promise;
      done.push(payload);
    },
    "batch/add": async ({ more }, { query, batchId = "" }) => {
      const jobs = many(Number(more), { task: "batch/do" as const, payload: { n: "added" } });
      assert.equal(await addToBatch({ query }, batchId, jobs), more);
    },
    "batch/told": (payload) => void told.push(payload),
  });
});
after(() => yard[Symbol.asyncDispose]());
afterEach(async () => {
  done = [];
  told = [];
  mended = false;
  release = Promise.withResolvers();
  for (const table of ["graphile_worker._private_jobs", "laravel.failed_jobs", "laravel.job_batches"])
    await yard.rows(`delete from ${table}`);
});

const job = (n: unknown) => ({ task: "batch/do" as const, payload: { n } });
const bad = (n: unknown) => ({ task: "batch/refuse" as const, payload: { n } });
const held = (n: unknown) => ({ task: "batch/hold" as const, payload: { n } });
const tell = (what: string) => ({ task: "batch/told" as const, payload: { what } });
const callbacks = { onSuccess: tell("success"), onFailure: tell("failure"), onEnd: tell("end") };
const numbers = () => done.map(({ n }) => n);
const toldWhat = () => told.map(({ what }) => what).sort();
const countsOf = async (id: string) => {
  const { total, pending, failed, progress, cancelledAt, finishedAt } = (await batchOf(yard.pool, id)) ?? {};
  return { total, pending, failed, progress, cancelled: cancelledAt !== null, finished: finishedAt !== null };
};
const clear = { cancelled: false, finished: false };

describe("a batch", () => {
  test("runs its jobs and then fires success and end once, each with the batch's id", async () => {
    using ears = openEars();
    await using _worker = await yard.work("default");
    const id = await dispatchBatch(yard.pool, [job(1), job(2), job(3)], { name: "three", ...callbacks });
    await until(() => told.length === 2);
    await yard.drained("default");
    assert.deepEqual(
      told.toSorted((a, b) => String(a.what).localeCompare(String(b.what))),
      [
        { what: "end", batchId: id },
        { what: "success", batchId: id },
      ],
    );
    assert.deepEqual(numbers().sort(), [1, 2, 3]);
    await ears.heard("batch:finished", ({ batch }) => batch === id);
    assert.equal(ears.all.filter(({ event }) => /^batch:/.test(event)).length, 1);
    const batch = await batchOf(yard.pool, id);
    assert.equal(batch?.name, "three");
    assert.ok(batch?.finishedAt instanceof Date);
    assert.deepEqual(await countsOf(id), {
      total: 3,
      pending: 0,
      failed: 0,
      progress: 100,
      cancelled: false,
      finished: true,
    });
  });

  test("is born with the caller's transaction, or not at all", async () => {
    await using _worker = await yard.work("default");
    let id = "";
    await inTransaction(yard.pool, "rollback", async (client) => {
      id = await dispatchBatch(client, [job("never")], callbacks);
    });
    assert.equal(await batchOf(yard.pool, id), undefined);
    await inTransaction(yard.pool, "commit", async (client) => {
      id = await dispatchBatch(client, [job("now")], callbacks);
    });
    await until(() => told.length === 2);
    assert.deepEqual(numbers(), ["now"]);
  });

  test("tells its progress after successes, at most once a second", async () => {
    await using _worker = await yard.work("default");
    const id = await dispatchBatch(yard.pool, [...many(30, job("p")), held(0)], {
      onProgress: tell("progress"),
    });
    await until(() => done.length === 30);
    await until(async () => (await countsOf(id)).pending === 1);
    assert.deepEqual(await countsOf(id), { total: 31, pending: 1, failed: 0, progress: 97, ...clear });
    await until(() => told.length === 1);
    assert.deepEqual(told, [{ what: "progress", batchId: id }]);
    release.resolve();
    await until(() => told.length === 2);
    await yard.drained("default");
  });

  test("that allows failures goes on after one, tells the first, and ends without success", async () => {
    await using _worker = await yard.work("default");
    const id = await dispatchBatch(yard.pool, [bad(1), bad(2), held(3)], {
      allowFailures: true,
      ...callbacks,
    });
    await until(async () => (await countsOf(id)).failed === 2);
    assert.deepEqual(await countsOf(id), { total: 3, pending: 3, failed: 2, progress: 0, ...clear });
    await until(() => told.length === 1);
    const [failure] = told;
    const { exception } = (await yard.failed(String(failure?.failedJob))) ?? {};
    assert.match(String(exception), /not today/);
    assert.deepEqual([failure?.what, failure?.batchId], ["failure", id]);
    release.resolve();
    await until(() => told.length === 2);
    await yard.drained("default");
    assert.deepEqual(toldWhat(), ["end", "failure"]);

    mended = true;
    assert.equal(await retryBatch(yard.pool, id), 2);
    await until(() => told.length === 3);
    await yard.drained("default");
    assert.deepEqual(toldWhat(), ["end", "failure", "success"]);
    assert.deepEqual(await countsOf(id), {
      total: 3,
      pending: 0,
      failed: 0,
      progress: 100,
      cancelled: false,
      finished: true,
    });
  });

  test("that allows none is cancelled by a failure, and what waits is skipped", async () => {
    const id = await dispatchBatch(
      yard.pool,
      [{ ...bad(1), priority: -1 }, job(2), [job(3), job(4)]],
      callbacks,
    );
    using ears = openEars();
    await using _worker = await yard.work("default", { slots: 1 });
    await until(() => told.length === 2);
    await yard.drained("default");
    assert.deepEqual(toldWhat(), ["end", "failure"]);
    assert.deepEqual(done, []);
    assert.equal(ears.all.filter(({ event }) => event === "job:skipped").length, 2);
    assert.deepEqual(await countsOf(id), {
      total: 4,
      pending: 1,
      failed: 1,
      progress: 75,
      cancelled: true,
      finished: true,
    });
    const skipped = await yard.rows(
      "select task from queue.attempts where outcome = 'cancelled' and error = 'Its batch was cancelled.'",
    );
    assert.equal(skipped.length, 2);

    mended = true;
    const uuid = await yard.value("select uuid from laravel.failed_jobs");
    assert.equal(await retry(yard.pool, uuid), true);
    await yard.drained("default");
    assert.deepEqual(numbers(), [1]);
    assert.deepEqual(await countsOf(id), {
      total: 4,
      pending: 0,
      failed: 0,
      progress: 100,
      cancelled: false,
      finished: true,
    });
    assert.deepEqual(toldWhat(), ["end", "failure"], "three jobs were skipped: that is no success");
  });

  test("whose last job fails finishes with success when that job is retried", async () => {
    await using _worker = await yard.work("default");
    const id = await dispatchBatch(yard.pool, [job(1), { ...bad(2), delay: 0.5 }], callbacks);
    await until(() => told.length === 2);
    assert.deepEqual(await countsOf(id), {
      total: 2,
      pending: 1,
      failed: 1,
      progress: 50,
      cancelled: true,
      finished: true,
    });
    mended = true;
    await retryBatch(yard.pool, id);
    await until(() => told.length === 3);
    await yard.drained("default");
    assert.deepEqual(toldWhat(), ["end", "failure", "success"]);
  });

  test("can be cancelled: what runs ends, what waits is skipped, the end is told", async () => {
    await using _worker = await yard.work("default", { slots: 1 });
    using ears = openEars();
    const id = await dispatchBatch(
      yard.pool,
      [held(1), { ...job(2), priority: 1 }, { ...job(3), priority: 1 }],
      callbacks,
    );
    await ears.heard("job:started");
    assert.equal(await cancelBatch(yard.pool, id), true);
    assert.equal(await cancelBatch(yard.pool, id), false);
    release.resolve();
    await until(() => told.length === 1);
    await yard.drained("default");
    assert.deepEqual([numbers(), toldWhat()], [[1], ["end"]]);
    assert.deepEqual(await countsOf(id), {
      total: 3,
      pending: 0,
      failed: 0,
      progress: 100,
      cancelled: true,
      finished: true,
    });
  });

  test("takes jobs from inside while it runs, none when it is over, and says when there is none", async () => {
    await using _worker = await yard.work("default");
    const id = await dispatchBatch(yard.pool, [{ task: "batch/add", payload: { more: 5 } }], callbacks);
    await until(() => told.length === 2);
    assert.deepEqual(numbers(), many(5, "added"));
    assert.equal((await countsOf(id)).total, 6);
    assert.equal(await addToBatch(yard.pool, id, [job("late")]), 0);
    await assert.rejects(addToBatch(yard.pool, "nowhere", [job("lost")]), { code: "HW404" });
    await yard.drained("default");
    assert.deepEqual(toldWhat(), ["end", "success"]);
  });

  test("of nothing, or of an empty chain, is finished at once", async () => {
    await using _worker = await yard.work("default");
    for (const jobs of [[], [[]]]) {
      told = [];
      const id = await dispatchBatch(yard.pool, jobs, callbacks);
      await until(() => told.length === 2);
      assert.deepEqual(toldWhat(), ["end", "success"]);
      assert.deepEqual(await countsOf(id), {
        total: 0,
        pending: 0,
        failed: 0,
        progress: 0,
        cancelled: false,
        finished: true,
      });
    }
  });

  test("counts each link of a chain, and runs the links in order beside its other jobs", async () => {
    await using _worker = await yard.work("default");
    const id = await dispatchBatch(yard.pool, [job("x"), [job(1), job(2), job(3)], [job("y")]], callbacks);
    assert.equal((await countsOf(id)).total, 5);
    await until(() => told.length === 2);
    await yard.drained("default");
    assert.deepEqual(numbers().filter(Number), [1, 2, 3]);
    assert.equal(done.length, 5);
    assert.deepEqual(toldWhat(), ["end", "success"]);
  });

  test("counts the links behind a broken one as failed with it, and as pending again when it is retried", async () => {
    await using _worker = await yard.work("default");
    const id = await dispatchBatch(yard.pool, [[bad(1), job(2), job(3)], held("slow")], {
      allowFailures: true,
      ...callbacks,
    });
    await until(async () => (await countsOf(id)).failed === 3);
    mended = true;
    assert.equal(await retryBatch(yard.pool, id), 1);
    await until(() => done.length === 3);
    assert.deepEqual(numbers(), [1, 2, 3]);
    await until(async () => (await countsOf(id)).pending === 1);
    assert.deepEqual(toldWhat(), ["failure"], "the slow one still runs: that is no end");
    release.resolve();
    await until(() => told.length === 3);
    await yard.drained("default");
    assert.deepEqual(toldWhat(), ["end", "failure", "success"]);
    assert.deepEqual(await countsOf(id), {
      total: 4,
      pending: 0,
      failed: 0,
      progress: 100,
      cancelled: false,
      finished: true,
    });
  });

  test("counts a job once, also when a worker that was taken for dead comes back with it", async () => {
    const id = await dispatchBatch(yard.pool, [{ ...job("twice"), queue: "bulk" }, job("later")], callbacks);
    const [row] = await yard.rows(
      "select j.id, j.payload ->> 'uuid' as uuid from graphile_worker._private_jobs j join queue.queues q on q.task_id = j.task_id where q.name = 'bulk'",
    );
    const dead = crypto.randomUUID();
    await yard.rows("select queue.enter($1, 'h', 1, 1, '{bulk}', '{}', null)", dead);
    await yard.rows("select queue.enter_worker('pool-old', $1, 'bulk')", dead);
    await yard.rows(
      "update graphile_worker._private_jobs set locked_by = 'pool-old', locked_at = now(), attempts = 1 where id = $1",
      row.id,
    );
    await yard.rows("update queue.processes set beat_at = now() - interval '1 minute' where id = $1", dead);
    await yard.rows("select queue.rescue()");
    const complete = (worker: string, attempt: number) =>
      yard.value(
        "select queue.complete_many($1, 'bulk', array[$2::bigint], array[$3::int], array[$4::uuid], '{batch/do}', '{1}')",
        ...[worker, row.id, attempt, row.uuid],
      );
    assert.deepEqual(await complete("pool-old", 1), []);
    assert.equal((await countsOf(id)).pending, 2);
    await yard.rows(
      "update graphile_worker._private_jobs set locked_by = 'pool-new', locked_at = now(), attempts = 2 where id = $1",
      row.id,
    );
    assert.deepEqual(await complete("pool-new", 2), [row.id]);
    for (const [worker, attempt] of [
      ["pool-new", 2],
      ["pool-old", 1],
      ["pool-old", 2],
    ] as const)
      assert.deepEqual(await complete(worker, attempt), []);
    assert.equal((await countsOf(id)).pending, 1);
    await using _worker = await yard.work("default");
    await until(() => told.length === 2);
    assert.equal((await countsOf(id)).pending, 0);
    const outcomes = await yard.rows(
      "select outcome from queue.attempts where uuid = $1 order by outcome",
      row.uuid,
    );
    assert.deepEqual(
      outcomes.map(({ outcome }) => outcome),
      ["completed", "died"],
    );
  });

  test("of 2,000 over two workers ends exactly at 0, and tells it once", async () => {
    const id = await dispatchBatch(
      yard.pool,
      Array.from({ length: 2000 }, (_, n) => job(n)),
      { onProgress: tell("progress"), ...callbacks },
    );
    await using _one = await yard.work("default");
    await using _two = await yard.work("default");
    await until(() => toldWhat().includes("end") && toldWhat().includes("success"), 60_000);
    await yard.drained("default");
    assert.equal(new Set(numbers()).size, 2000);
    assert.equal(done.length, 2000);
    assert.deepEqual(await countsOf(id), {
      total: 2000,
      pending: 0,
      failed: 0,
      progress: 100,
      cancelled: false,
      finished: true,
    });
    assert.deepEqual(
      toldWhat().filter((what) => what !== "progress"),
      ["end", "success"],
    );
  });

  test("with what can never run is refused whole, its allowed twin is not", async () => {
    const dispatch = (jobs: string, more = "") => yard.value(`select queue.dispatch_batch($1${more})`, jobs);
    const fine = '[{"task": "batch/do"}]';
    const refused: [string, string?][] = [
      ['[{"task": "batch/nowhere"}]'],
      ['[[{"task": "batch/do"}, {"task": "batch/nowhere"}]]'],
      ['[[{"task": "batch/do"}, {"task": "batch/do", "queue": "nowhere"}]]'],
      ['[{"task": "batch/do", "unique_key": "k"}]'],
      ['[[{"task": "batch/do"}, {"task": "batch/do", "unique_key": "k"}]]'],
      ['["batch/do"]'],
      ["[null]"],
      ['[[[{"task": "batch/do"}]]]'],
      ['{"task": "batch/do"}'],
      [fine, `, on_end => '{"task": "batch/nowhere"}'`],
      [fine, `, on_success => '[{"task": "batch/do"}]'`],
      [fine, `, on_failure => '{"task": "batch/do", "queue": "nowhere"}'`],
      [fine, `, on_progress => '{"task": "batch/do", "unique_key": "k"}'`],
    ];
    for (const [jobs, more] of refused)
      await assert.rejects(dispatch(jobs, more), { code: "HW422" }, `${jobs}${more}`);
    await assert.rejects(yard.rows("select queue.dispatch_batch(null)"), { code: "HW422" });
    assert.equal(await yard.value("select count(*)::int from laravel.job_batches"), 0);
    assert.equal(await yard.left("default"), 0);
    assert.ok(
      await dispatch(fine, `, name => null, on_end => '{"task": "batch/told"}', on_success => 'null'`),
    );
  });

  test("takes only what fits its types, and refuses what cannot be stored", async () => {
    // @ts-expect-error there is no such task
    await assert.rejects(dispatchBatch(yard.pool, [{ task: "batch/none", payload: {} }]), { code: "HW422" });
    // @ts-expect-error a member cannot be unique
    const unique: Parameters<typeof dispatchBatch>[1] = [{ ...job(1), unique: "k" }];
    await assert.rejects(dispatchBatch(yard.pool, unique), { code: "HW422" });
    // @ts-expect-error the payload lacks `what`
    const lacking: Parameters<typeof dispatchBatch>[2] = { onEnd: { task: "batch/told", payload: {} } };
    assert.ok(await dispatchBatch(yard.pool, [job(1)], lacking));
    await assert.rejects(dispatchBatch(yard.pool, [[job(1), job("a\0b")]]), {
      code: "HW422",
      message: /NUL/,
    });
  });
});

describe("a chain", () => {
  test("runs its links one after the other, with every null in their payloads", async () => {
    await using _one = await yard.work("default");
    await using _two = await yard.work("default");
    const link = (n: number) => ({
      task: "batch/do" as const,
      payload: { n, says: null, deep: { a: null, b: [null, 1] } },
    });
    await dispatchChain(yard.pool, [link(1), link(2), link(3), link(4)], tell("failure") as never);
    await until(() => done.length === 4);
    await yard.drained("default");
    assert.deepEqual(
      done,
      [1, 2, 3, 4].map((n) => link(n).payload),
    );
    assert.deepEqual(told, []);
  });

  test("stops at a failure, tells which job it was, and goes on when that is retried", async () => {
    await using _worker = await yard.work("default");
    await dispatchChain(yard.pool, [job(1), bad(2), job(3)], tell("failure") as never);
    await until(() => told.length === 1);
    await yard.drained("default");
    assert.deepEqual(numbers(), [1]);
    const uuid = String(told[0]?.failedJob);
    assert.match((await yard.failed(uuid))?.payload ?? "", /batch\/refuse/);
    mended = true;
    assert.equal(await retry(yard.pool, uuid), true);
    await until(() => done.length === 3);
    assert.deepEqual(numbers(), [1, 2, 3]);
    assert.equal(told.length, 1);
  });

  test("may begin only once when its first link is unique; a later link may not be", async () => {
    const first = { ...job(1), unique: "import" };
    assert.ok(await dispatchChain(yard.pool, [first, job(2)]));
    assert.equal(await dispatchChain(yard.pool, [first, job(2)]), null);
    await assert.rejects(dispatchChain(yard.pool, [job(1), { ...job(2), unique: "import" }]), {
      code: "HW422",
    });
    await assert.rejects(
      yard.rows(`select queue.dispatch_chain('[{"task": "batch/do"}, [{"task": "batch/do"}]]')`),
      { code: "HW422" },
    );
    await assert.rejects(yard.rows(`select queue.dispatch_chain('[["batch/do"]]')`), { code: "HW422" });
    await assert.rejects(yard.rows(`select queue.dispatch_chain('[{"task": "batch/do"}]', '[1]')`), {
      code: "HW422",
    });
  });

  test("whose next link has lost its queue becomes a failed job once, tells it, and can be retried with the rest", async () => {
    await using _worker = await yard.work("default");
    await yard.queue("doomed");
    const doomed = { ...job(2), queue: "doomed", tries: 7, tags: ["kept"] };
    await dispatchChain(yard.pool, [held(1), doomed, job(3)], tell("failure") as never);
    const id = await dispatchBatch(
      yard.pool,
      [[held("b1"), { ...job("b2"), queue: "doomed" }, job("b3")]],
      callbacks,
    );
    await yard.rows("delete from queue.queues where name = 'doomed'");
    release.resolve();
    await until(() => told.length === 3);
    await yard.drained("default");
    assert.deepEqual(numbers().sort(), [1, "b1"]);
    assert.deepEqual(toldWhat(), ["end", "failure", "failure"]);
    assert.deepEqual(await countsOf(id), {
      total: 3,
      pending: 2,
      failed: 2,
      progress: 33,
      cancelled: true,
      finished: true,
    });
    const failed = await yard.rows(
      "select uuid, queue, exception, payload::jsonb as payload from laravel.failed_jobs order by id",
    );
    assert.equal(failed.length, 2);
    for (const { exception, queue } of failed) {
      assert.match(exception, /could not be dispatched: There is no queue "doomed"/);
      assert.equal(queue, "doomed");
    }
    const { payload, uuid } = failed.find((row) => row.payload.batchId === undefined);
    assert.deepEqual([payload.maxTries, payload.tags, payload.data], [7, ["kept"], { n: 2 }]);
    await yard.queue("doomed");
    await using _other = await yard.work("doomed");
    assert.equal(await retry(yard.pool, uuid), true);
    assert.equal(await retryBatch(yard.pool, id), 1);
    await until(() => done.length === 6);
    await until(async () => (await countsOf(id)).pending === 0);
    assert.equal(numbers().indexOf(3) > numbers().indexOf(2), true);
    assert.equal(numbers().indexOf("b3") > numbers().indexOf("b2"), true);
  });
});
