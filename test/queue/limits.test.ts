import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { until } from "../support/wait.ts";
import { Logbook, many, meanRate, mostWithin, openYard, type Yard } from "./limits-support.ts";
import { openEars } from "./support.ts";

let yard: Yard;
let book = new Logbook();
let broken = false;
let release = Promise.withResolvers<void>();
const kindOf = (payload: Record<string, unknown>) => String(payload.kind ?? "job");

before(async () => {
  yard = await openYard({
    "limits/touch": (payload) => book.during(kindOf(payload), payload, () => undefined),
    "limits/stay": (payload) => book.during(kindOf(payload), payload, () => sleep(Number(payload.ms))),
    "limits/hold": (payload) => book.during(kindOf(payload), payload, () => release.promise),
    "limits/wait": (payload, { signal }) => book.during(kindOf(payload), payload, () => untilAborted(signal)),
    "limits/call": (payload) =>
      book.during(kindOf(payload), payload, () => {
        if (broken) throw new Error("the provider is down");
      }),
    "limits/break": () => Promise.reject(new Error("it breaks each time")),
  });
});
after(() => yard[Symbol.asyncDispose]());
afterEach(async () => {
  book = new Logbook();
  broken = false;
  release = Promise.withResolvers();
  for (const table of ["graphile_worker._private_jobs", "queue.holds", "queue.limits", "queue.limit_states"])
    await yard.rows(`delete from ${table}`);
});

const untilAborted = (signal: AbortSignal) =>
  new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
const momentsOf = (kind: string) => book.of(kind).map(({ at }) => at);

describe("rate", () => {
  test("a queue's rate holds over two workers, and is used up", async () => {
    await yard.queue("steady", { rate: 10, concurrency: 5 });
    await yard.put(...many(60, { task: "limits/touch", queue: "steady" }));
    await using _one = await yard.work("steady");
    await using _two = await yard.work("steady");
    await until(() => book.of("job").length >= 40);
    assert.ok(mostWithin(1000, momentsOf("job")) <= 11, `${mostWithin(1000, momentsOf("job"))} in a second`);
    assert.ok(meanRate(momentsOf("job")) >= 9, `${meanRate(momentsOf("job"))} a second`);
  });

  test("a queue's rate of many a second is reached", async () => {
    await yard.queue("swift", { rate: 50, concurrency: 5 });
    await yard.put(...many(150, { task: "limits/touch", queue: "swift" }));
    await using _one = await yard.work("swift");
    await until(() => book.of("job").length >= 125);
    assert.ok(mostWithin(1000, momentsOf("job")) <= 58, `${mostWithin(1000, momentsOf("job"))} in a second`);
    assert.ok(meanRate(momentsOf("job")) >= 40, `${meanRate(momentsOf("job"))} a second`);
  });

  test("a key's rate holds over two workers while jobs without the key pass by", async () => {
    await yard.queue("keyed");
    await yard.rows("select queue.limit('postmark', rate => 10)");
    const slow = { task: "limits/touch", queue: "keyed", payload: { kind: "slow" }, limits: ["postmark"] };
    await yard.put(...many(60, slow));
    await yard.put(...many(50, { ...slow, payload: { kind: "free" }, limits: undefined }));
    using ears = openEars();
    await using _one = await yard.work("keyed");
    await using _two = await yard.work("keyed");
    await until(() => book.of("slow").length >= 35);
    assert.equal(book.of("free").length, 50);
    assert.ok((momentsOf("free").at(-1) ?? 0) < (momentsOf("slow")[15] ?? 0));
    assert.ok(
      mostWithin(1000, momentsOf("slow")) <= 11,
      `${mostWithin(1000, momentsOf("slow"))} in a second`,
    );
    assert.ok(meanRate(momentsOf("slow")) >= 9, `${meanRate(momentsOf("slow"))} a second`);
    const putBack = ears.all.filter(({ event }) => event === "job:put-back").length;
    assert.ok(
      putBack <= book.of("slow").length,
      `${putBack}: more than one in vain, each time the key opens`,
    );
  });

  test("a limit that is no limit is refused, and a rate of a queue likewise; sensible ones are not", async () => {
    for (const wrong of [
      "'k', rate => 0",
      "'a b', rate => 1",
      "'k', rate => 1, rate_seconds => 0",
      "'k', concurrency => 0",
      "null, rate => 1",
      "'k', breaker_failures => 1, breaker_cooldown_seconds => 0",
    ])
      await assert.rejects(yard.rows(`select queue.limit(${wrong})`), { code: "HW422" }, wrong);
    await yard.rows("select queue.limit('k', rate => 1)");
    assert.equal(await yard.value("select queue.unlimit('k')"), true);
    assert.equal(await yard.value("select queue.unlimit('k')"), false);
  });
});

describe("concurrency of a key", () => {
  test("is never exceeded over two workers, and is reached, while other keys pass by", async () => {
    await yard.queue("tight");
    await yard.rows("select queue.limit('ftp', concurrency => 2)");
    const job = { task: "limits/stay", queue: "tight" };
    await yard.put(...many(40, { ...job, payload: { kind: "ftp", ms: 20 }, limits: ["ftp"] }));
    await yard.put(...many(20, { ...job, payload: { kind: "other", ms: 1 }, limits: ["other"] }));
    await using _one = await yard.work("tight");
    await using _two = await yard.work("tight");
    await yard.drained("tight");
    assert.equal(book.of("ftp").length, 40);
    assert.equal(book.most("ftp"), 2);
    assert.ok((momentsOf("other").at(-1) ?? 0) < (momentsOf("ftp").at(-5) ?? 0));
    assert.deepEqual(await yard.rows("select * from queue.holds"), []);
  });

  test("of 1 with instant jobs is worked as fast as they end", async () => {
    await yard.queue("narrow");
    await yard.rows("select queue.limit('one', concurrency => 1)");
    await yard.put(...many(300, { task: "limits/touch", queue: "narrow", limits: ["one"] }));
    await using _worker = await yard.work("narrow");
    await yard.drained("narrow", 30_000);
    assert.equal(book.most("job"), 1);
    // Some hundred a second on a quiet machine; with a poll in between it would be 1 to 10.
    assert.ok(meanRate(momentsOf("job")) >= 25, `${meanRate(momentsOf("job"))} a second`);
  });

  test("a key with a star limits each key that begins so, and a key of its own wins", async () => {
    await yard.queue("tenants", { concurrency: 10 });
    await yard.rows(
      "select queue.limit('tenant:*', concurrency => 1), queue.limit('tenant:3', concurrency => 3)",
    );
    const of = (key: string) =>
      many(9, { task: "limits/stay", queue: "tenants", payload: { kind: key, ms: 100 }, limits: [key] });
    await yard.put(...of("tenant:1"), ...of("tenant:2"), ...of("tenant:3"), ...of("tenants"));
    await using _worker = await yard.work("tenants");
    await yard.drained("tenants");
    const most = ["tenant:1", "tenant:2", "tenant:3"].map((key) => book.most(key));
    assert.deepEqual(most, [1, 1, 3]);
    assert.ok(book.most("tenants") > 3, "no limit meant these");
  });

  test("is not used up by a job whose row was deleted by hand while it ran", async () => {
    await yard.queue("robbed");
    await yard.rows("select queue.limit('robbed', concurrency => 1)");
    const [first] = await yard.put({ task: "limits/hold", queue: "robbed", limits: ["robbed"] });
    await using _worker = await yard.work("robbed");
    await until(() => book.running("job") === 1);
    await yard.rows("delete from graphile_worker._private_jobs where payload ->> 'uuid' = $1", first);
    await yard.put({ task: "limits/touch", queue: "robbed", limits: ["robbed"] });
    await yard.drained("robbed");
    assert.equal(book.starts.length, 2);
    release.resolve();
  });

  test("holds a job with two keys until both are open", async () => {
    await yard.queue("double");
    await yard.rows("select queue.limit('a', concurrency => 1), queue.limit('b', concurrency => 1)");
    const job = { task: "limits/stay", queue: "double" };
    await yard.put(
      ...many(10, { ...job, payload: { kind: "b", ms: 10 }, limits: ["b"] }),
      ...many(10, { ...job, payload: { kind: "ab", ms: 10 }, limits: ["b", "a"] }),
      ...many(10, { ...job, payload: { kind: "a", ms: 10 }, limits: ["a"] }),
    );
    await using _one = await yard.work("double");
    await using _two = await yard.work("double");
    await yard.drained("double");
    assert.deepEqual(
      ["a", "b", "ab"].map((kind) => book.most(kind)),
      [1, 1, 1],
    );
    assert.equal(book.starts.length, 30);
  });
});

describe("what waits for a key", () => {
  test("is not touched: no attempt is counted and no row is written", async () => {
    await yard.queue("still");
    await yard.rows("select queue.limit('shut', concurrency => 1)");
    await yard.put(...many(50, { task: "limits/hold", queue: "still", limits: ["shut"] }));
    await using _one = await yard.work("still");
    await using _two = await yard.work("still");
    await until(() => book.running("job") === 1);
    await until(async () => (await waiting("still")).length === 49);
    const before = await waiting("still");
    await yard.put(...many(20, { task: "limits/touch", queue: "still", payload: { kind: "by" } }));
    await until(() => book.of("by").length === 20);
    await sleep(1500); // several polls of every worker
    const after = await waiting("still");
    assert.deepEqual(
      after.map(({ attempts }) => attempts),
      Array(49).fill(0),
    );
    const written = after.filter(({ row }, at) => row !== before[at]?.row).length;
    assert.ok(written <= 2, `${written} rows were written`);
    release.resolve();
  });

  test("is put back unburned and not fetched in a circle when the queue was not known to have limits", async () => {
    await yard.queue("unknowing");
    await yard.rows("select queue.limit('late', concurrency => 1)");
    await using _worker = await yard.work("unknowing");
    using ears = openEars();
    await yard.rows(
      "select graphile_worker.add_job('unknowing', $1::json, flags => '{limit:late}') from generate_series(1, 5)",
      JSON.stringify({ job: "limits/hold", data: {} }),
    );
    await until(() => book.running("job") === 1);
    await sleep(1000);
    assert.equal(book.most("job"), 1);
    const putBack = ears.all.filter(({ event }) => event === "job:put-back").length;
    assert.ok(putBack < 20, `${putBack} times`);
    release.resolve();
    await yard.drained("unknowing");
    assert.equal(book.starts.length, 5);
  });

  async function waiting(queue: string): Promise<{ attempts: number; row: string }[]> {
    return yard.rows(
      `select j.attempts, j.id || ' ' || j.xmin || ' ' || j.ctid as row from graphile_worker._private_jobs j
       join queue.queues q on q.task_id = j.task_id where q.name = $1 and j.locked_at is null order by j.id`,
      queue,
    );
  }
});

describe("circuit breaker", () => {
  test("opens after so many failures, starts nothing while open, lets one probe through, closes on its success", async () => {
    await yard.queue("calls", { backoff: [0] });
    await breaker("api", 3, 1);
    const job = { task: "limits/call", queue: "calls", limits: ["api"], tries: 1 };
    broken = true;
    await yard.put(...many(30, { ...job, tries: 20 }));
    await using _one = await yard.work("calls");
    await using _two = await yard.work("calls");
    await until(async () => (await stateOf("api")) === "open");
    await until(() => book.running("job") === 0);
    const opened = performance.now();
    const soFar = book.starts.length;
    assert.ok(soFar >= 3);
    await sleep(700);
    assert.equal(book.starts.length, soFar);
    await until(() => book.starts.length > soFar);
    assert.ok(performance.now() - opened > 850);
    await sleep(500);
    assert.equal(book.starts.length, soFar + 1, "the probe failed, and it is open again");
    broken = false;
    await yard.drained("calls");
    assert.equal(await stateOf("api"), "closed");
    const attempts = await yard.rows(
      "select attempt from queue.attempts where queue = 'calls' and outcome = 'completed' order by 1",
    );
    assert.ok(attempts.filter(({ attempt }) => attempt === 1).length >= 10, "most were never touched");
  });

  test("half-open, one job of the key runs over two workers however many wait", async () => {
    using ears = openEars();
    await yard.queue("probes");
    await breaker("probe", 1, 1);
    await open("probe");
    await yard.put(...many(20, { task: "limits/hold", queue: "probes", limits: ["probe"] }));
    await using _one = await yard.work("probes");
    await using _two = await yard.work("probes");
    await until(() => book.running("job") === 1);
    await sleep(1300);
    assert.equal(book.starts.length, 1);
    assert.equal(await stateOf("probe"), "half-open");
    release.resolve();
    await yard.drained("probes");
    assert.equal(await stateOf("probe"), "closed");
    const ofProbe = ({ key }: { key: string }) => key === "probe";
    await ears.heard("breaker:half-open", ofProbe, 2); // each of the two workers tells it
    await ears.heard("breaker:closed", ofProbe, 2);
    assert.equal(ears.all.filter(({ event }) => event === "breaker:half-open").length, 2);
  });

  test("a probe whose worker dies leaves the key to another probe", async () => {
    await yard.queue("mortal");
    await breaker("mortal", 1, 1);
    await open("mortal");
    await yard.rows(
      "update queue.limit_states set opened_at = now() - interval '1 minute' where key = 'mortal'",
    );
    await yard.put({ task: "limits/touch", queue: "mortal", limits: ["mortal"] });
    const process = crypto.randomUUID();
    await yard.rows("select queue.enter($1, 'h', 1, 1, '{mortal}', '{}', null)", process);
    await yard.rows("select queue.enter_worker('pool-dead', $1, 'mortal')", process);
    await yard.rows(`
      update graphile_worker._private_jobs set locked_by = 'pool-dead', locked_at = now(), attempts = 1
      where task_id = (select task_id from queue.queues where name = 'mortal')`);
    assert.equal(
      await yard.value(
        "select queue.begin_job('pool-dead', max(id), '{mortal}', null) from graphile_worker._private_jobs",
      ),
      "go",
    );
    assert.equal(await stateOf("mortal"), "half-open");
    await yard.put({ task: "limits/touch", queue: "mortal", limits: ["mortal"] });
    await yard.rows(
      "update queue.processes set beat_at = now() - interval '1 minute' where id = $1",
      process,
    );
    await using _worker = await yard.work("mortal");
    await yard.drained("mortal");
    assert.equal(book.starts.length, 2);
    assert.equal(await stateOf("mortal"), "closed");
  });

  test("does not count what a person has cancelled", async () => {
    await yard.queue("asked");
    await breaker("asked", 1, 60);
    const [uuid = ""] = await yard.put({ task: "limits/wait", queue: "asked", limits: ["asked"] });
    await using _worker = await yard.work("asked");
    await until(() => book.running("job") === 1);
    assert.equal(await yard.value("select queue.cancel($1::uuid)", uuid), "asked");
    await yard.drained("asked");
    assert.equal(await stateOf("asked"), "closed");
    await yard.put({ task: "limits/break", queue: "asked", limits: ["asked"], tries: 1 });
    await until(async () => (await stateOf("asked")) === "open");
  });

  const breaker = (key: string, failures: number, cooldown: number) =>
    yard.rows(
      "select queue.limit($1, breaker_failures => $2, breaker_cooldown_seconds => $3)",
      ...[key, failures, cooldown],
    );

  const open = (key: string) =>
    yard.rows(
      "insert into queue.limit_states (key, breaker, opened_at) values ($1, 'open', clock_timestamp())",
      key,
    );

  const stateOf = (key: string) => yard.value("select breaker from queue.limit_states where key = $1", key);
});

test("the settings of a mail provider: 5 at once, 10 a second, and again after 5, 25 and 125 seconds", async () => {
  await yard.queue("provider", { concurrency: 5, rate: 10 });
  await yard.put(...many(45, { task: "limits/stay", queue: "provider", payload: { ms: 700 } }));
  await using _worker = await yard.work("provider");
  await until(() => book.of("job").length >= 36);
  assert.equal(book.most("job"), 5);
  assert.ok(mostWithin(1000, momentsOf("job")) <= 11);
  await yard.rows("delete from graphile_worker._private_jobs where locked_at is null");
  await yard.drained("provider");

  using ears = openEars();
  const [uuid = ""] = await yard.put({ task: "limits/break", queue: "provider" });
  const distances: number[] = [];
  for (let attempt = 1; attempt <= 3; attempt++) {
    await ears.ended(uuid, attempt);
    distances.push(
      Math.round(
        await yard.value(
          "select extract(epoch from run_at - updated_at)::float8 from graphile_worker._private_jobs",
        ),
      ),
    );
    await yard.hurry(uuid);
  }
  assert.deepEqual(distances, [5, 25, 125]);
  await ears.ended(uuid, 4);
  assert.match((await yard.failed(uuid))?.exception ?? "", /it breaks each time/);
});

test("thousands of keys are looked through in a moment", async () => {
  await yard.rows("select queue.limit('many:*', rate => 1, concurrency => 3, breaker_failures => 5)");
  await yard.rows(`insert into queue.limit_states (key, tokens, refilled_at)
    select 'many:' || n, 0, clock_timestamp() - interval '1 minute' from generate_series(1, 10000) n`);
  await yard.rows("insert into queue.limit_states (key, tokens) values ('many:shut', 0.5)");
  const since = performance.now();
  for (let times = 0; times < 20; times++) {
    await yard.rows("update queue.limit_states set refilled_at = clock_timestamp() where key = 'many:shut'");
    assert.deepEqual(await yard.value("select flags from queue.closed_keys()"), ["limit:many:shut"]);
  }
  const ms = (performance.now() - since) / 20;
  assert.ok(ms < 100, `${ms} ms`);
});
