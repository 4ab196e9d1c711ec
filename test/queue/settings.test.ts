import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { pause, resume } from "#queue/control.ts";
import { buildIndexes } from "#queue/declare.ts";
import { until } from "../support/wait.ts";
import { Logbook, many, openYard, type Yard } from "./limits-support.ts";
import { inTransaction, openEars } from "./support.ts";

let yard: Yard;
let book = new Logbook();
let release = Promise.withResolvers<void>();
before(async () => {
  yard = await openYard({
    "settings/touch": (payload) => book.during(String(payload.kind ?? "job"), payload, () => undefined),
    "settings/stay": (payload) => book.during("stay", payload, () => sleep(Number(payload.ms))),
    "settings/hold": (payload) => book.during("hold", payload, () => release.promise),
  });
});
after(() => yard[Symbol.asyncDispose]());
afterEach(async () => {
  release.resolve();
  book = new Logbook();
  release = Promise.withResolvers();
  await yard.rows("delete from graphile_worker._private_jobs");
  await yard.rows("delete from queue.pauses");
});

const touch = (queue: string, kind = "job") => ({ task: "settings/touch", queue, payload: { kind } });
const hold = (queue: string) => ({ task: "settings/hold", queue });
const indexesOf = (queue: string) =>
  yard.rows(
    `select x.indisvalid as valid, pg_get_indexdef(x.indexrelid) as definition from pg_index x
     join pg_class c on c.oid = x.indexrelid join queue.queues q on c.relname = 'jobs_of_queue_' || q.task_id
     where q.name = $1`,
    queue,
  );
const settingsOf = async (queue: string) =>
  (await yard.rows("select * from queue.queues where name = $1", queue))[0];

describe("a new queue", () => {
  test("is served by a live worker after one call, and gets its index", async () => {
    await using _worker = await yard.work();
    await yard.rows("select queue.create_queue('fresh', '{\"concurrency\": 3}')");
    await yard.put(touch("fresh"));
    await until(() => book.of("job").length === 1);
    await until(async () => (await indexesOf("fresh"))[0]?.valid === true);
    const [{ definition }] = await indexesOf("fresh");
    const { task_id: id } = await settingsOf("fresh");
    assert.match(
      definition,
      new RegExp(
        `\\(priority, run_at\\) INCLUDE \\(id, job_queue_id\\) WHERE .*is_available.*task_id = ${id}\\)`,
      ),
    );
  });

  test("whose index has to wait for a long transaction is served all the same, and no writer waits", async () => {
    await using _worker = await yard.work();
    await inTransaction(yard.pool, "rollback", async (long) => {
      await long.query("select queue.dispatch('settings/touch', run_at => '2100-01-01')");
      await yard.queue("patient");
      await yard.put(touch("patient", "served"));
      await until(() => book.of("served").length === 1);
      await until(async () => (await indexesOf("patient"))[0]?.valid === false); // it is being built
      const waits: number[] = [];
      for (let times = 0; times < 20; times++) {
        const since = performance.now();
        await yard.put(touch("patient", "written"));
        waits.push(performance.now() - since);
      }
      await until(() => book.of("written").length === 20);
      assert.ok(Math.max(...waits) < 5000, `a writer waited ${Math.max(...waits)} ms`);

      const since = performance.now();
      await using _other = await yard.work();
      assert.ok(performance.now() - since < 10_000, "a worker starts meanwhile");
      assert.equal((await indexesOf("patient"))[0].valid, false);
      await yard.queue("second"); // asked for while the builder is busy
    });
    await until(async () => (await indexesOf("patient"))[0]?.valid === true);
    await until(async () => (await indexesOf("second"))[0]?.valid === true);
  });

  test("has a name that can be said and settings that make sense, or is refused", async () => {
    const create = (name: string | null, settings: object = {}) =>
      yard.rows("select queue.create_queue($1, $2)", name, settings);
    for (const name of ["a,b", "a/b", "a b", "", "x".repeat(101), null])
      await assert.rejects(create(name), { code: "HW422" }, `"${name}"`);
    await assert.rejects(create("other", { concurrency: 0 }), { code: "HW422" });
    await assert.rejects(create("other", { colour: "red" }), {
      code: "HW422",
      message: /no setting "colour": it has served, rank/,
    });
    assert.equal(await settingsOf("other"), undefined);
    await create("x".repeat(100));
    await create("a.b:c-d_é");
    await create("other", { concurrency: 1 });
    await create("other", { weight: 2 });
    const { concurrency, weight } = await settingsOf("other");
    assert.deepEqual([concurrency, weight], [1, 2]);
  });
});

describe("indexes", () => {
  test("that are invalid or belong to no queue any more are dropped, those of others stay", async () => {
    await yard.queue("passing");
    await yard.queue("staying");
    await buildIndexes(yard.pool);
    const { task_id: passing } = await settingsOf("passing");
    await yard.rows(
      "update pg_index set indisvalid = false where indexrelid = (select ('graphile_worker.jobs_of_queue_' || task_id)::regclass from queue.queues where name = 'staying')",
    );
    await yard.rows("delete from queue.queues where name = 'passing'");
    const stale = (await yard.rows("select queue.stale_indexes() as name")).map(({ name }) => name);
    const { task_id: staying } = await settingsOf("staying");
    assert.equal(stale.length, 3);
    assert.ok(stale.includes(`jobs_of_queue_${passing}`) && stale.includes(`jobs_of_queue_${staying}`));
    assert.ok(
      stale.some((name) => name.startsWith("jobs_of_no_queue_")),
      "it is about another set of queues",
    );
    await buildIndexes(yard.pool);
    assert.deepEqual(await yard.rows("select * from queue.stale_indexes()"), []);
    assert.deepEqual(await yard.rows("select * from queue.missing_indexes()"), []);
    assert.equal((await indexesOf("staying"))[0].valid, true);
  });

  test("are built by one of several who ask at once, and nobody keeps a connection", async () => {
    await yard.queue("asked");
    await Promise.all(many(30, yard.pool).map(buildIndexes));
    assert.equal((await indexesOf("asked"))[0].valid, true);
    assert.equal(yard.pool.idleCount, yard.pool.totalCount);
  });
});

describe("the code's own word", () => {
  test("wins when it says something new; what an operator changed stays as long as it says the same", async () => {
    const declare = (settings: object) => yard.rows("select queue.declare_queue('declared', $1)", settings);
    await declare({ concurrency: 4, tries: 2 });
    await declare({ concurrency: 4, tries: 2 });
    await yard.rows(`select queue.configure('declared', '{"concurrency": 9, "rate": 3}')`);
    await declare({ concurrency: 4, tries: 2 });
    const now = async () => {
      const { concurrency, tries, rate, weight } = await settingsOf("declared");
      return { concurrency, tries, rate, weight };
    };
    assert.deepEqual(await now(), { concurrency: 9, tries: 2, rate: 3, weight: 1 });
    await declare({ concurrency: 4, tries: 5, weight: 2 });
    assert.deepEqual(await now(), { concurrency: 9, tries: 5, rate: 3, weight: 2 });
    await declare({ concurrency: 6, tries: 5, weight: 2 });
    assert.deepEqual(await now(), { concurrency: 6, tries: 5, rate: 3, weight: 2 });
    await assert.rejects(declare({ concurrency: -1 }), { code: "HW422" });
  });
});

describe("configure", () => {
  test("changes the concurrency of a running queue, up and down, and never are there more than it says", async () => {
    await yard.queue("elastic", { concurrency: 2 });
    await using _worker = await yard.work("elastic", { slots: 20 });
    await yard.put(...many(12, hold("elastic")));
    await until(() => book.running("hold") === 2);
    await yard.rows(`select queue.configure('elastic', '{"concurrency": 6}')`);
    await until(() => book.running("hold") === 6);
    await yard.rows(`select queue.configure('elastic', '{"concurrency": 1}')`);
    await sleep(300);
    assert.equal(book.running("hold"), 6, "what runs, runs");
    release.resolve();
    await yard.drained("elastic");
    assert.equal(book.most("hold"), 6);
    book = new Logbook();
    await yard.put(...many(5, { task: "settings/stay", queue: "elastic", payload: { ms: 20 } }));
    await yard.drained("elastic");
    assert.equal(book.most("stay"), 1);
  });

  test("refuses unknown settings and nonsense and says why; the allowed twins are taken", async () => {
    await yard.queue("strict");
    const configure = (settings: object, name = "strict") =>
      yard.rows("select queue.configure($1, $2)", name, JSON.stringify(settings));
    const twins: [object, object][] = [
      [{ colour: "red" }, {}],
      [{ name: "other" }, { rank: -1 }],
      [{ concurrency: 0 }, { concurrency: 1000 }],
      [{ concurrency: "many" }, { concurrency: "3" }],
      [{ concurrency: null }, { rate: null }],
      [{ weight: 1001 }, { weight: 1000 }],
      [{ tries: -1 }, { tries: 0 }],
      [{ backoff: [] }, { backoff: [0] }],
      [{ backoff: [5, -1] }, { backoff: [5, 25, 125] }],
      [{ backoff: "5,25" }, { backoff: "{5,25}" }],
      [{ timeout_seconds: 86_401 }, { timeout_seconds: 0 }],
      [{ rate: 0 }, { rate: 10 }],
      [
        { rate: 10, rate_seconds: 0 },
        { rate: 10, rate_seconds: 60 },
      ],
      [{ on_death: "cry" }, { on_death: "fail" }],
      [{ keep_failed: "for ever" }, { keep_failed: "30 days" }],
      [{ keep_failed: "-1 day" }, { keep_failed: "0" }],
      [{ payload_bytes: 1e12 }, { payload_bytes: 100 }],
      [{ served: "perhaps" }, { served: true }],
    ];
    for (const [refused, allowed] of twins) {
      await assert.rejects(configure(refused), { code: "HW422" }, JSON.stringify(refused));
      await configure(allowed);
    }
    await assert.rejects(configure([1]), { code: "HW422" });
    await assert.rejects(configure({ weight: 2 }, "nowhere"), {
      code: "HW404",
      message: /create_queue\('nowhere'\)/,
    });
  });

  test("served: false leaves the queue alone, and true serves it again", async () => {
    await yard.queue("foreign");
    await using _worker = await yard.work();
    await yard.put(touch("foreign"));
    await until(() => book.of("job").length === 1);
    using ears = openEars();
    await yard.rows(`select queue.configure('foreign', '{"served": false}')`);
    await sleep(300);
    await yard.put(touch("foreign"), touch("default", "other"));
    await until(() => book.of("other").length === 1);
    await sleep(1200); // a poll and more
    assert.equal(book.of("job").length, 1);
    await yard.rows(`select queue.configure('foreign', '{"served": true}')`);
    await ears.heard("worker:serving", ({ queue }) => queue === "foreign");
    await until(() => book.of("job").length === 2);
  });
});

describe("a pause", () => {
  test("holds one queue while others go on; what runs, ends; resume lets it on", async () => {
    await using _worker = await yard.work();
    await yard.put(hold("default"));
    await until(() => book.running("hold") === 1);
    await pause(yard.pool, "default", { reason: "a test" });
    await sleep(800);
    await yard.put(touch("default", "held"), touch("bulk", "free"));
    await until(() => book.of("free").length === 1);
    release.resolve();
    await until(() => book.running("hold") === 0);
    await sleep(1200);
    assert.equal(book.of("held").length, 0);
    assert.equal(await resume(yard.pool, "default"), true);
    await until(() => book.of("held").length === 1);
    assert.equal(await resume(yard.pool, "default"), false);
  });

  test("of all holds every queue, also one that is made meanwhile, and a queue's own pause outlives it", async () => {
    await using _worker = await yard.work();
    await pause(yard.pool, "*");
    await pause(yard.pool, "bulk");
    await yard.queue("newborn");
    await sleep(800);
    await yard.put(touch("default"), touch("high"), touch("bulk", "own"), touch("newborn"));
    await sleep(1200);
    assert.equal(book.starts.length, 0);
    await resume(yard.pool, "*");
    await until(() => book.of("job").length === 3);
    await sleep(500);
    assert.equal(book.of("own").length, 0);
    await resume(yard.pool, "bulk");
    await until(() => book.of("own").length === 1);
  });

  test("ends by itself when it was given an end", async () => {
    await using _worker = await yard.work();
    const since = performance.now();
    await pause(yard.pool, "default", { forSeconds: 1.5 });
    await sleep(500);
    await yard.put(touch("default"));
    await until(() => book.starts.length === 1);
    const waited = performance.now() - since;
    assert.ok(waited >= 1490 && waited < 10_000, `${waited} ms`);
    await pause(yard.pool, "default", { until: new Date(Date.now() + 1000) });
    await sleep(500);
    await yard.put(touch("default"));
    await until(() => book.starts.length === 2);
  });

  test("gives back what was fetched and not begun, without burning an attempt", async () => {
    await using _worker = await yard.work("default", { slots: 2 });
    await yard.put(...many(100, hold("default")));
    await until(() => book.running("hold") === 2);
    await until(async () => (await lockedAndBurned()).locked > 2); // fetched ahead
    await pause(yard.pool, "default");
    await until(async () => (await lockedAndBurned()).locked === 2);
    assert.deepEqual(await lockedAndBurned(), { locked: 2, burned: 2 });
    release.resolve();
    await until(async () => (await yard.left("default")) === 98);
    await sleep(300);
    assert.equal(book.starts.length, 2);
    await resume(yard.pool, "default");
    await yard.drained("default");
    assert.equal(book.starts.length, 100);
  });

  test("again and again never lets more run than the queue's concurrency", async () => {
    await yard.queue("often", { concurrency: 2 });
    await using _worker = await yard.work("often", { slots: 20 });
    await yard.put(...many(20, hold("often")));
    for (let times = 0; times < 5; times++) {
      await until(() => book.running("hold") === 2);
      await pause(yard.pool, "often");
      await sleep(150);
      await resume(yard.pool, "often");
      await sleep(150);
    }
    assert.equal(book.running("hold"), 2);
    release.resolve();
    await yard.drained("often");
    assert.deepEqual([book.starts.length, book.most("hold")], [20, 2]);
    const burned = await yard.value(
      "select count(*)::int from queue.attempts where queue = 'often' and attempt > 1",
    );
    assert.equal(burned, 0);
  });

  test("holds a queue with a rate and limits too, and burns nothing", async () => {
    await yard.queue("bounded", { rate: 20, concurrency: 3 });
    await yard.rows("select queue.limit('bounded', concurrency => 2)");
    await using _worker = await yard.work("bounded");
    await yard.put(...many(40, { ...touch("bounded"), limits: ["bounded"] }));
    for (let times = 1; times <= 3; times++) {
      await until(() => book.starts.length >= times * 5);
      await pause(yard.pool, "bounded");
      await until(async () => (await lockedAndBurned()).locked === 0);
      const soFar = book.starts.length;
      await sleep(400);
      assert.equal(book.starts.length, soFar);
      assert.deepEqual(await lockedAndBurned(), { locked: 0, burned: 0 });
      await resume(yard.pool, "bounded");
    }
    await yard.drained("bounded");
    assert.equal(book.starts.length, 40);
    assert.equal(
      await yard.value(
        "select count(*)::int from queue.attempts where queue = 'bounded' and (attempt > 1 or outcome <> 'completed')",
      ),
      0,
    );
  });

  test("that no worker was told of is found within 3 s", async () => {
    await using _worker = await yard.work();
    await until(() => listening());
    await yard.rows(
      "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'howdah:worker:listen' and datname = current_database()",
    );
    await yard.rows("insert into queue.pauses (queue, paused_by) values ('*', 'nobody hears of it')");
    const since = performance.now();
    using ears = openEars();
    await yard.put(...many(40, { task: "settings/stay", queue: "default", payload: { ms: 100 } }));
    await sleep(3000 - (performance.now() - since));
    const soFar = book.starts.length;
    await yard.put(touch("bulk"));
    await sleep(1500);
    assert.equal(book.starts.length, soFar);
    assert.ok(ears.all.some(({ event }) => event === "listener:restored"));
    await resume(yard.pool, "*");
    await yard.drained("default");
  });

  test("is refused for a queue that is not there, for an end in the past, and for two ends", async () => {
    await assert.rejects(pause(yard.pool, "nowhere"), { code: "HW404" });
    await assert.rejects(pause(yard.pool, "default", { until: new Date(0) }), { code: "HW422" });
    await assert.rejects(pause(yard.pool, "default", { until: new Date(Date.now() + 1e6), forSeconds: 5 }), {
      code: "HW422",
    });
    await pause(yard.pool, "default", { forSeconds: 5 });
  });

  const lockedAndBurned = async () =>
    (
      await yard.rows(
        "select count(locked_at)::int as locked, coalesce(sum(attempts), 0)::int as burned from graphile_worker._private_jobs",
      )
    )[0];
  const listening = () =>
    yard.value(
      "select count(*) > 0 from pg_stat_activity where application_name = 'howdah:worker:listen' and datname = current_database()",
    );
});
