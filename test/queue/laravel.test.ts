import assert from "node:assert/strict";
import { once } from "node:events";
import { after, before, describe, test } from "node:test";
import pg from "pg";
import * as v from "valibot";
import { type Task, task } from "#queue/task.ts";
import { Worker } from "#queue/worker.ts";
import { until } from "../support/wait.ts";
import { openWorld, type World } from "../support/world.ts";
import { LaravelApp, missing } from "./laravel/app.ts";

let release: PromiseWithResolvers<void> = Promise.withResolvers();

/** Writes what it was given where PHP's jobs do. */
const noting = (what: string, aliases: string[] = []) =>
  task({
    payload: v.any(),
    aliases,
    transactional: true,
    run: (data, job) =>
      job.query("insert into public.ran (side, what, data) values ('ours', $1, $2)", [
        what,
        JSON.stringify(data),
      ]),
  });

const tasks = new Map<string, Task>([
  ["try/note", noting("note", ["send_email", "App\\Jobs\\Ours"])],
  ["try/told", noting("told")],
  ["try/failed", noting("failed")],
  ["try/slow", task({ payload: v.any(), run: () => release.promise })],
]);

let world: World;
before(async () => {
  world = await openWorld();
});
after(() => world[Symbol.asyncDispose]());

describe("the table jobs", () => {
  before(async () => {
    await world.pool.query("select queue.declare_tasks($1)", [
      JSON.stringify([{ name: "try/note", aliases: ["send_email", "App\\Jobs\\Ours"] }]),
    ]);
  });

  test("has the columns of Laravel's, of types that its prepared statements take", async () => {
    const { rows } = await world.pool.query(
      "select attname || ' ' || atttypid::regtype as column from pg_attribute where attrelid = 'laravel.jobs'::regclass order by attnum",
    );
    assert.deepEqual(
      rows.map(({ column }) => column),
      [
        ...["id bigint", "queue text", "payload text", "attempts smallint", "reserved_at integer"],
        ...["available_at integer", "created_at integer"],
      ],
    );
  });

  for (const [what, payload] of [
    ["text", "hello"],
    ["a list", "[1]"],
    ["nothing", null],
  ])
    test(`refuses a payload that is ${what}, and takes an object`, async () => {
      await assert.rejects(push(payload as string), { code: "HW422", message: /is a JSON object such as/ });
      assert.ok(await push({ job: "send_email" }));
    });

  test("refuses a payload that is larger than its queue takes, but for one that is released", async () => {
    await world.pool.query(`select queue.create_queue('narrow', '{"payload_bytes": 100}')`);
    const large = { job: "send_email", displayName: "send_email", data: { text: "x".repeat(200) } };
    await assert.rejects(push(large, "narrow"), { code: "HW422", message: /send_email has \d+ bytes/ });
    assert.ok(await push(large, "narrow", { attempts: 1 }));
  });

  for (const [maxTries, attempts, expected, more] of [
    [null, 0, 4, {}],
    [7, 0, 7, {}],
    [0, 0, 32767, {}],
    [2, 5, 6, {}],
    ["many", 0, 4, {}],
    [2, 0, 32767, { retryUntil: 4_000_000_000 }],
  ] as const)
    test(`maxTries ${maxTries} after ${attempts} attempts makes ${expected} attempts ${JSON.stringify(more)}`, async () => {
      const id = await push({ job: "send_email", maxTries, ...more }, "default", { attempts });
      const row = await rowOf(id);
      assert.deepEqual([row.attempts, row.max_attempts], [attempts, expected]);
    });

  test("a job that is due on Laravel's clock is due now, a delayed one later", async () => {
    const ahead = Math.floor(Date.now() / 1000) + 500;
    const due = await push({ job: "send_email" }, "default", { available_at: ahead, created_at: ahead });
    const later = await push({ job: "send_email" }, "default", {
      available_at: ahead,
      created_at: ahead - 60,
    });
    assert.ok((await rowOf(due)).run_at <= new Date());
    assert.equal((await rowOf(later)).run_at.getTime(), ahead * 1000);
  });

  test("a NUL in the payload stays", async () => {
    const id = await push('{"job": "send_email", "data": {"a": "x\\u0000y", "b": "\\\\u0000"}}');
    const { rows } = await world.pool.query("select payload from laravel.jobs where id = $1", [id]);
    assert.deepEqual(JSON.parse(rows[0].payload).data, { a: "x\0y", b: "\\u0000" });
  });

  test("a job of a task waits for Howdah's workers, and so does one of a name that may be a misspelt task", async () => {
    for (const job of ["try/note", "send_email", "send_email@fire", "send_emial"]) {
      const { queue, reserved } = await rowOf(await push({ job }));
      assert.deepEqual({ queue, reserved }, { queue: "default", reserved: true }, job);
    }
    assert.equal((await rowOf(await push(classJob("App\\Jobs\\Ours")))).queue, "default");
  });

  test("a job of a PHP class waits for Laravel's workers, under the name of its queue", async () => {
    for (const payload of [
      { job: "App\\Handlers\\Invoice" },
      { job: "Invoice@send" },
      classJob("App\\Jobs\\Welcome"),
      classJob("App\\Jobs\\Ours", "eyJpdiI6Ijk="),
    ]) {
      const { queue, reserved, shown } = await rowOf(await push(payload));
      assert.deepEqual(
        { queue, reserved, shown },
        { queue: "laravel:default", reserved: false, shown: "default" },
      );
    }
  });

  test("a queue that nobody declared is Laravel's until it is served", async () => {
    const note = await push({ job: "send_email" }, "letters");
    const welcome = await push(classJob("App\\Jobs\\Welcome"), "letters");
    assert.deepEqual([(await rowOf(note)).reserved, (await rowOf(welcome)).reserved], [false, false]);
    await world.pool.query(`select queue.configure('letters', '{"served": true}')`);
    const rows = [await rowOf(note), await rowOf(welcome)];
    assert.deepEqual(
      rows.map(({ queue, reserved, shown }) => [queue, reserved, shown]),
      [
        ["letters", true, "letters"],
        ["laravel:letters", false, "letters"],
      ],
    );
  });

  test("jobs with limits, in batches and in chains are Howdah's, also on a queue of Laravel's", async () => {
    for (const more of [{ limits: ["tenant:1"] }, { batchId: "b-1" }, { chain: [{ task: "try/note" }] }])
      assert.equal((await rowOf(await push({ job: "try/note", ...more }, "reports"))).reserved, true);
    assert.equal((await rowOf(await push({ job: "try/note" }, "reports"))).reserved, false);
  });

  test("the batch of a class job is found in the object, not in a text that looks like it", async () => {
    const text = 's:7:"batchId";s:3:"evi";';
    const inText = `O:3:"A\\B":2:{s:4:"text";s:${text.length}:"${text}";s:7:"batchId";N;}`;
    const inside = 'O:3:"A\\B":2:{s:1:"o";O:5:"C\\D\\E":1:{s:7:"batchId";s:3:"evi";}s:7:"batchId";N;}';
    const real =
      'O:3:"A\\B":3:{s:8:"\0*\0önö";a:1:{i:0;E:7:"K\\M\\N:L";}s:1:"o";O:5:"C\\D\\E":0:{}s:7:"batchId";s:4:"b-77";}';
    assert.equal((await rowOf(await push(classJob("A\\B", inText)))).flags, null);
    assert.equal((await rowOf(await push(classJob("A\\B", inside)))).flags, null);
    const job = await rowOf(await push(classJob("A\\B", real)));
    assert.deepEqual(job.flags, { batch: true, laravel: true });
    assert.equal(job.payload.batchId, "b-77");
    assert.equal(job.payload.data.command, real);
  });

  test("takes over the rows of a table of Laravel's own, as docs/laravel.md says", async () => {
    await world.pool.query(`
      create table public.jobs (id bigserial primary key, queue text, payload text, attempts smallint, reserved_at int, available_at int, created_at int);
      insert into public.jobs (queue, payload, attempts, reserved_at, available_at, created_at)
      values ('old', '{"job": "A\\\\B"}', 1, 1000, 1000, 900), ('old', '{"job": "A\\\\B"}', 0, null, 2000000000, 900)`);
    await world.pool.query(`
      insert into laravel.jobs (queue, payload, attempts, available_at, created_at)
      select queue, payload, attempts, available_at, created_at from public.jobs order by id;
      drop table public.jobs`);
    const { rows } = await world.pool.query(
      "select attempts, reserved_at, available_at > extract(epoch from now()) as delayed, created_at from laravel.jobs where queue = 'old' order by id",
    );
    assert.deepEqual(rows, [
      { attempts: 1, reserved_at: null, delayed: false, created_at: 900 },
      { attempts: 0, reserved_at: null, delayed: true, created_at: 900 },
    ]);
  });

  test("wakes Howdah's workers once for many jobs", async () => {
    await using client = await listen("howdah_jobs");
    await world.pool.query(
      `insert into laravel.jobs (queue, payload, attempts, available_at, created_at)
       select 'default', '{"job": "send_email"}', 0, 0, 0 from generate_series(1, 500)`,
    );
    await world.pool.query("notify howdah_jobs, 'end'");
    await until(() => client.heard.includes("end"));
    assert.deepEqual(client.heard, ["default 1", "end"]);
  });

  test("a job that a worker of Howdah holds cannot be taken; one that Laravel holds can", async () => {
    const id = await push({ job: "send_email" });
    await world.pool.query(
      "update graphile_worker._private_jobs set locked_at = now(), locked_by = 'pool-1' where id = $1",
      [id],
    );
    const take = (job: string) =>
      world.pool.query("update laravel.jobs set reserved_at = 1000, attempts = 2 where id = $1", [job]);
    await assert.rejects(take(id), { code: "HW409", message: /A worker of Howdah runs the job/ });
    const theirs = await push({ job: "A\\B" });
    await take(theirs);
    await take(theirs);
    const { locked_by, attempts } = await rowOf(theirs);
    assert.deepEqual({ locked_by, attempts }, { locked_by: "laravel", attempts: 2 });
    await world.pool.query("update laravel.jobs set reserved_at = null where id = $1", [theirs]);
    assert.equal((await rowOf(theirs)).reserved, false);
  });

  after(() => world.pool.query("delete from graphile_worker._private_jobs"));
});

describe("a Laravel app", { skip: missing }, () => {
  let app: LaravelApp;
  let worker: Worker;
  before(async () => {
    app = await LaravelApp.open(world);
    worker = new Worker({ databaseUrl: world.databaseUrl, tasks });
    await worker.start();
  });
  after(async () => {
    await worker?.[Symbol.asyncDispose]();
    await app?.[Symbol.asyncDispose]();
  });

  const counts = async () => {
    const { rows } = await world.pool.query(
      "select (select count(*)::int from laravel.jobs) as jobs, (select count(*)::int from laravel.failed_jobs) as failed",
    );
    return rows[0];
  };
  const fresh = async () => {
    await world.pool.query(
      "truncate public.ran, public.mended, laravel.failed_jobs, laravel.job_batches cascade",
    );
    await world.pool.query("delete from graphile_worker._private_jobs");
  };
  const ranOf = async () => (await app.ran()).map(({ side, what }) => `${side} ${what}`);

  test("may use its three tables and nothing else of ours", async () => {
    await using client = await connect(app.url);
    for (const table of ["laravel.jobs", "laravel.failed_jobs", "laravel.job_batches"])
      await client.query(`select * from ${table} limit 1 for update`);
    for (const table of [
      "graphile_worker._private_jobs",
      "queue.jobs",
      "queue.queues",
      "queue.batches",
      "app.people",
    ])
      await assert.rejects(client.query(`select from ${table}`), { code: "42501" }, table);
    await assert.rejects(client.query("select laravel.push('A')"), { code: "42501" });
  });

  test("runs its class jobs and string jobs beside our workers, each on its side of one queue", async () => {
    await fresh();
    await app.php(`
      Jobs\\Welcome::dispatch('Ada');
      Queue::push('send_email', ['to' => 'ada@example.org']);
      Queue::push('App\\Handlers\\Invoice@send', ['id' => 7]);
      Queue::bulk([new Jobs\\Welcome('Bob'), new Jobs\\Ours('Cid')]);`);
    await app.workOff();
    await until(async () => (await app.ran()).length === 5);
    const ran = await app.ran();
    assert.deepEqual(
      ran.filter(({ side }) => side === "php"),
      [
        { side: "php", what: "Welcome", data: ["Hello", "Ada", "private"] },
        { side: "php", what: "Invoice@send", data: { id: 7 } },
        { side: "php", what: "Welcome", data: ["Hello", "Bob", "private"] },
      ],
    );
    assert.deepEqual(
      ran.filter(({ side }) => side === "ours"),
      [
        { side: "ours", what: "note", data: { to: "ada@example.org" } },
        {
          ...{ side: "ours", what: "note" },
          data: {
            ...{ name: "Cid", greeting: "Hello", kind: "Large" },
            person: { model: "App\\Models\\Person", id: 7 },
            due: "2026-07-01T08:00:00.000Z",
            tags: ["a", "b"],
            again: ["a", "b"],
          },
        },
      ],
    );
    await until(async () => (await counts()).jobs === 0);
    assert.equal((await counts()).failed, 0);
  });

  test("handles what SQL pushes, also later", async () => {
    await fresh();
    await world.pool.query(`select laravel.push('App\\Handlers\\Invoice', '{"id": 8}')`);
    await world.pool.query(`select laravel.push('App\\Handlers\\Invoice', '{"id": 9}', 'billing', '1 hour')`);
    await app.workOff("--queue=default,billing");
    assert.deepEqual(await app.ran(), [{ side: "php", what: "Invoice@fire", data: { id: 8 } }]);
    await world.pool.query("update laravel.jobs set available_at = 0 where queue = 'billing'");
    await app.artisan("queue:work --queue=billing --once");
    assert.deepEqual((await app.ran()).at(-1)?.data, { id: 9 });
  });

  test("pushes no raw text", async () => {
    await assert.rejects(app.php("Queue::pushRaw('hello');"), /HW422/);
    await app.php(`Queue::pushRaw('{"job": "App\\\\\\\\Handlers\\\\\\\\Invoice", "data": {}}');`);
  });

  test("fails, lists, retries, forgets and flushes jobs", async () => {
    await fresh();
    await app.php("foreach (['a', 'b', 'c'] as $name) Jobs\\Breaks::dispatch($name);");
    await app.workOff();
    const failed = await world.pool.query(
      "select uuid, queue, connection, exception from laravel.failed_jobs order by id",
    );
    assert.equal(failed.rows.length, 3);
    assert.match(failed.rows[0].exception, /^RuntimeException: it broke/);
    const [first, second, third] = failed.rows.map(({ uuid }) => uuid);
    const listed = await app.artisan("queue:failed");
    for (const uuid of [first, second, third]) assert.match(listed, new RegExp(`${uuid}.*App.Jobs.Breaks`));

    await world.pool.query("insert into public.mended values (now())");
    await app.artisan(`queue:retry ${first}`);
    await app.artisan(`queue:forget ${second}`);
    assert.deepEqual(await counts(), { jobs: 1, failed: 1 });
    await app.artisan("queue:retry all");
    assert.deepEqual(await counts(), { jobs: 2, failed: 0 });
    await app.workOff();
    assert.deepEqual(
      (await app.ran()).map(({ data }) => (data as string[])[1]),
      ["a", "c"],
    );

    await world.pool.query("truncate public.mended");
    await app.php("Jobs\\Breaks::dispatch('d');");
    await app.workOff();
    await app.artisan("queue:flush");
    assert.deepEqual(await counts(), { jobs: 0, failed: 0 });
  });

  test("retries what failed at ours, and ours what failed at PHP's", async () => {
    await fresh();
    await world.pool.query("select queue.dispatch('try/note')");
    await until(async () => (await app.ran()).length === 1);
    await world.pool.query(
      `insert into laravel.failed_jobs (uuid, connection, queue, payload, exception)
       values (gen_random_uuid(), 'database', 'default', '{"uuid": "x", "job": "try/note", "data": {}}', 'it broke')`,
    );
    await app.artisan("queue:retry all");
    await until(async () => (await app.ran()).length === 2);
    assert.deepEqual((await counts()).failed, 0);
  });

  test("clears and monitors queues", async () => {
    await fresh();
    await app.php(
      "Jobs\\Welcome::dispatch('a'); Jobs\\Welcome::dispatch('b')->delay(60); Jobs\\Welcome::dispatch('c')->onQueue('slow');",
    );
    assert.match(await app.artisan("queue:monitor default,slow"), /default\W+2\b.*slow\W+1\b/s);
    assert.match(await app.artisan("queue:clear"), /Cleared 2 jobs from the \[default\] queue/);
    assert.match(await app.artisan("queue:clear --queue=slow"), /Cleared 1 jobs? from/);
    assert.match(await app.artisan("queue:monitor default"), /default\W+0\b/);
  });

  test("runs, retries and prunes batches", async () => {
    await fresh();
    await app.php(`
      Bus::batch([new Jobs\\Welcome('a'), new Jobs\\Breaks('b')])->allowFailures()
        ->then(function () { DB::table('ran')->insert(['side' => 'php', 'what' => 'then']); })
        ->finally(function () { DB::table('ran')->insert(['side' => 'php', 'what' => 'finally']); })
        ->dispatch();`);
    await app.workOff();
    assert.deepEqual(await ranOf(), ["php Welcome", "php finally"]);
    assert.deepEqual(await batches(), [{ total_jobs: 2, pending_jobs: 1, failed_jobs: 1, finished: false }]);
    await world.pool.query("insert into public.mended values (now())");
    const { rows } = await world.pool.query("select id from laravel.job_batches");
    await app.artisan(`queue:retry-batch ${rows[0].id}`);
    await app.workOff();
    assert.deepEqual((await ranOf()).slice(2), ["php Welcome", "php then"]);
    assert.deepEqual(await batches(), [{ total_jobs: 2, pending_jobs: 0, failed_jobs: 1, finished: true }]);
    await world.pool.query("update laravel.job_batches set finished_at = finished_at - 7200");
    assert.match(await app.artisan("queue:prune-batches --hours=1"), /1 entries deleted/);
  });

  test("prunes failed jobs by their age", async () => {
    await fresh();
    await world.pool.query(`
      insert into laravel.failed_jobs (uuid, connection, queue, payload, exception, failed_at)
      select n, 'database', 'default', '{"job": "A"}', 'it broke', (now() - n * interval '1 hour') at time zone 'utc'
      from generate_series(1, 5, 2) n`);
    assert.match(await app.artisan("queue:prune-failed --hours=2"), /2 entries deleted/);
    assert.equal((await counts()).failed, 1);
  });

  test("counts a batch together with our workers; its own callbacks run when PHP runs the last job", async () => {
    await fresh();
    await app.php(`
      Bus::batch([new Jobs\\Ours('a'), new Jobs\\Welcome('b')])
        ->then(function () { DB::table('ran')->insert(['side' => 'php', 'what' => 'then']); })
        ->dispatch();`);
    await until(async () => (await batches())[0]?.pending_jobs === 1);
    await app.workOff();
    assert.deepEqual(await ranOf(), ["ours note", "php Welcome", "php then"]);
    assert.deepEqual(await batches(), [{ total_jobs: 2, pending_jobs: 0, failed_jobs: 0, finished: true }]);
  });

  test("fires the callbacks of a batch of ours once when PHP runs its last job", async () => {
    await fresh();
    const id = await dispatchBatch();
    await app.php(`Bus::findBatch('${id}')->add([new Jobs\\Welcome('member')]);`);
    release.resolve();
    await until(async () => (await batches())[0]?.pending_jobs === 1);
    await app.workOff();
    await until(async () => (await ranOf()).filter((what) => what === "ours told").length === 2);
    await until(async () => (await counts()).jobs === 0);
    assert.deepEqual(await ranOf(), ["php Welcome", "ours told", "ours told"]);
  });

  test("tells a batch of ours of a failure in PHP, once", async () => {
    await fresh();
    const id = await dispatchBatch();
    await app.php(`Bus::findBatch('${id}')->add([new Jobs\\Breaks('member'), new Jobs\\Breaks('another')]);`);
    release.resolve();
    await until(async () => (await batches())[0]?.pending_jobs === 2);
    await app.workOff();
    await until(async () => (await ranOf()).length === 2);
    await until(async () => (await counts()).jobs === 0);
    assert.deepEqual((await ranOf()).toSorted(), ["ours failed", "ours told"]);
    const { data } = (await app.ran()).find(({ what }) => what === "failed") ?? {};
    const { rows } = await world.pool.query("select uuid from laravel.failed_jobs order by id limit 1");
    assert.deepEqual(data, { batchId: id, failedJob: rows[0].uuid });
  });

  test("a chain goes from ours to PHP's workers and back", async () => {
    await fresh();
    await app.php(`
      Bus::chain([new Jobs\\Ours('1'), new Jobs\\Welcome('2'), new Jobs\\Ours('3'), new Jobs\\Breaks('4')])
        ->catch(function () { DB::table('ran')->insert(['side' => 'php', 'what' => 'catch']); })
        ->onQueue('high')->dispatch();`);
    await using _laravel = app.work("--queue=high");
    await until(async () => (await counts()).failed === 1);
    await until(async () => (await ranOf()).includes("php catch"));
    assert.deepEqual(await ranOf(), ["ours note", "php Welcome", "ours note", "php catch"]);
  });

  test("takes a job over from a worker of its own that was killed, by retry_after", async () => {
    await fresh();
    await app.php("Jobs\\Hangs::dispatch('a');");
    const doomed = app.work("", { RETRY_AFTER: "1" });
    await until(async () => (await app.ran()).length === 1);
    await doomed[Symbol.asyncDispose]();
    assert.equal((await counts()).jobs, 1);
    await using _other = app.work("", { RETRY_AFTER: "1" });
    await until(async () => (await counts()).jobs === 0);
    assert.deepEqual(
      (await app.ran()).map(({ data }) => data),
      [1, 2],
    );
  });

  test("never takes a job that ours hold or will run, whatever its retry_after", async () => {
    await fresh();
    const since = new Date();
    release = Promise.withResolvers();
    await world.pool.query("select queue.dispatch('try/slow')");
    await world.pool.query("select queue.dispatch('try/note', delay => '1 hour')");
    await until(async () => (await reserved()) === 1);
    await app.workOff("", { RETRY_AFTER: "-60" });
    assert.equal((await counts()).jobs, 2);
    release.resolve();
    await until(async () => (await counts()).jobs === 1);
    assert.equal((await counts()).failed, 0);
    const { rows } = await world.pool.query(
      "select outcome from queue.attempts where task = 'try/slow' and ended_at > $1",
      [since],
    );
    assert.deepEqual(rows, [{ outcome: "completed" }]);
  });

  test("hands a queue over, and goes on with its own classes on it", async () => {
    await fresh();
    await app.php(
      "Queue::push('send_email', ['n' => 1], 'emails'); Jobs\\Welcome::dispatch('a')->onQueue('emails');",
    );
    assert.deepEqual(await counts(), { jobs: 2, failed: 0 });
    await world.pool.query(`select queue.configure('emails', '{"served": true}')`);
    await until(async () => (await app.ran()).length === 1);
    await app.workOff("--queue=emails");
    assert.deepEqual(await ranOf(), ["ours note", "php Welcome"]);
  });

  test("ends on a signal without losing the job in its hands", async () => {
    await fresh();
    await using laravel = app.work();
    await app.php("Jobs\\Welcome::dispatch('a');");
    await until(async () => (await app.ran()).length === 1);
    laravel.kill("SIGTERM");
    assert.deepEqual(await once(laravel, "exit"), [0, null]);
    assert.deepEqual(await counts(), { jobs: 0, failed: 0 });
  });
});

/** A batch of one job that runs until it is released. */
async function dispatchBatch(): Promise<string> {
  release = Promise.withResolvers();
  const { rows } = await world.pool.query(`
    select queue.dispatch_batch(
      '[{"task": "try/slow"}]', allow_failures => true, on_success => '{"task": "try/told"}', on_end => '{"task": "try/told"}',
      on_failure => '{"task": "try/failed"}'
    ) as id`);
  return rows[0].id;
}

async function batches() {
  const { rows } = await world.pool.query(
    "select total_jobs, pending_jobs, failed_jobs, finished_at is not null as finished from laravel.job_batches",
  );
  return rows;
}

async function reserved(): Promise<number> {
  const { rows } = await world.pool.query(
    "select count(*)::int as count from graphile_worker._private_jobs where locked_at is not null",
  );
  return rows[0].count;
}

const classJob = (commandName: string, command = `O:${commandName.length}:"${commandName}":0:{}`) => ({
  displayName: commandName,
  job: "Illuminate\\Queue\\CallQueuedHandler@call",
  data: { commandName, command },
});

/** Pushes as Laravel's database queue does. */
async function push(payload: object | string | null, queue = "default", more: object = {}): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  const row = { attempts: 0, reserved_at: null, available_at: now, created_at: now, ...more };
  const text = payload === null || typeof payload === "string" ? payload : JSON.stringify(payload);
  const { rows } = await world.pool.query(
    `insert into laravel.jobs (queue, attempts, reserved_at, available_at, created_at, payload)
     values ($1, $2, $3, $4, $5, $6) returning id`,
    [queue, row.attempts, row.reserved_at, row.available_at, row.created_at, text],
  );
  return rows[0].id;
}

async function rowOf(id: string) {
  const { rows } = await world.pool.query(
    `select j.*, t.identifier as queue, l.queue as shown, l.reserved_at is not null as reserved
     from graphile_worker._private_jobs j
     join graphile_worker._private_tasks t on t.id = j.task_id
     join laravel.jobs l on l.id = j.id
     where j.id = $1`,
    [id],
  );
  return rows[0];
}

async function connect(url: string): Promise<pg.Client & AsyncDisposable> {
  const client = new pg.Client(url);
  await client.connect();
  return Object.assign(client, { [Symbol.asyncDispose]: () => client.end() });
}

async function listen(channel: string) {
  const client = await connect(world.databaseUrl);
  const heard: string[] = [];
  client.on("notification", ({ payload }) => heard.push(payload ?? ""));
  await client.query(`listen ${channel}`);
  return Object.assign(client, { heard });
}
