import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { lookAt } from "#queue/backlog.ts";
import { type Bounds, type Fleet, type Load, nextSize, wantedProcesses } from "#queue/scaling.ts";
import { openWorld, type World } from "../support/world.ts";

const bounds: Bounds = { min: 2, max: 20, targetWaitSeconds: 5, maxShift: 1, cooldownMs: 3000 };
const load: Load = {
  ...{ queue: "default", ready: 0, oldestSeconds: 0, averageMs: 1000 },
  ...{ concurrency: 10, ratePerSecond: null, limited: false },
};
const fleet: Fleet = { processes: 4, slots: 10, running: 0, otherSlots: 0 };
const busy: Fleet = { ...fleet, running: 40 };

const cases: { what: string; loads: Load[]; fleet: Fleet; wanted: number }[] = [
  { what: "nothing waits and nothing runs", loads: [load], fleet, wanted: 0 },
  { what: "all are busy and nothing waits", loads: [load], fleet: busy, wanted: 4 },
  { what: "half are busy and nothing waits", loads: [load], fleet: { ...fleet, running: 20 }, wanted: 2 },
  { what: "1,000 jobs of 1 s: 200 slots", loads: [{ ...load, ready: 1000 }], fleet: busy, wanted: 20 },
  { what: "what waits fits into the target", loads: [{ ...load, ready: 150 }], fleet: busy, wanted: 4 },
  { what: "short jobs", loads: [{ ...load, ready: 10_000, averageMs: 5 }], fleet: busy, wanted: 4 },
  {
    what: "somebody has waited too long while all are busy",
    loads: [{ ...load, ready: 1, oldestSeconds: 6 }],
    fleet: busy,
    wanted: 5,
  },
  {
    what: "somebody has waited too long, but not for want of processes",
    loads: [{ ...load, ready: 1, oldestSeconds: 600 }],
    fleet: { ...fleet, running: 11 },
    wanted: 2,
  },
  {
    what: "two queues that need half each",
    loads: [
      { ...load, ready: 150 },
      { ...load, queue: "high", ready: 150 },
    ],
    fleet: busy,
    wanted: 6,
  },
  {
    what: "a queue of which each process runs two at once",
    loads: [{ ...load, ready: 60, concurrency: 2 }],
    fleet: busy,
    wanted: 6,
  },
  {
    what: "a rate that lets ten jobs a second through, however many wait",
    loads: [{ ...load, ready: 10_000, oldestSeconds: 500, ratePerSecond: 10 }],
    fleet: { ...fleet, running: 10 },
    wanted: 2,
  },
  {
    what: "jobs that wait for a closed key",
    loads: [{ ...load, ready: 10_000, oldestSeconds: 500, limited: true }],
    fleet: { ...fleet, running: 3 },
    wanted: 1,
  },
  {
    what: "jobs with keys that are open",
    loads: [{ ...load, ready: 1000, limited: true }],
    fleet: busy,
    wanted: 20,
  },
  {
    what: "an average that nobody knows counts as a second",
    loads: [{ ...load, ready: 300, averageMs: null }],
    fleet: busy,
    wanted: 6,
  },
  {
    what: "half of the slots that work on it are elsewhere",
    loads: [{ ...load, ready: 1000 }],
    fleet: { ...busy, otherSlots: 40 },
    wanted: 10,
  },
];

for (const { what, loads, fleet, wanted } of cases)
  test(`${what}: ${wanted} are wanted`, () => {
    assert.equal(wantedProcesses(loads, fleet, bounds), wanted);
  });

test("the size moves one step a cooldown, stays between min and max, and shrinks only after three calm ones", () => {
  const size = (wanted: number, processes: number, changed: number, needed: number) =>
    nextSize(wanted, processes, bounds, { changedAt: -changed, neededAt: -needed }, 0);
  assert.equal(size(9, 4, 3000, 0), 5);
  assert.equal(size(9, 4, 2999, 0), 4, "within the cooldown");
  assert.equal(size(99, 20, 9000, 0), 20, "never above max");
  assert.equal(size(0, 4, 9000, 9000), 3);
  assert.equal(size(0, 4, 9000, 8999), 4, "not calm for long enough");
  assert.equal(size(0, 4, 2999, 60_000), 4, "within the cooldown");
  assert.equal(size(0, 2, 60_000, 60_000), 2, "never below min");
  assert.equal(size(0, 1, 0, 0), 2, "at once up to min");
  assert.equal(size(50, 22, 0, 0), 20, "at once down to max");
  assert.equal(nextSize(9, 4, { ...bounds, maxShift: 3 }, { changedAt: -3000, neededAt: 0 }, 0), 7);
  assert.equal(nextSize(5, 4, { ...bounds, maxShift: 3 }, { changedAt: -3000, neededAt: 0 }, 0), 5);
});

test("10,000 jobs of 100 ms: the fleet grows, works them off, and is small again, without a swing between", () => {
  const jobMs = 100;
  const sizes: number[] = [];
  let [ready, processes, changedAt, neededAt] = [10_000, 2, 0, 0];
  for (let now = 0; now < 200_000; now += 1000) {
    const done = Math.min(ready, (processes * 10 * 1000) / jobMs);
    ready -= done;
    const running = Math.min(processes * 10, Math.ceil((done * jobMs) / 1000));
    const oldestSeconds = ready > 0 ? now / 1000 : 0;
    const loads = [{ ...load, ready, averageMs: jobMs, oldestSeconds }];
    const wanted = wantedProcesses(loads, { ...fleet, processes, running }, bounds);
    if (wanted >= processes) neededAt = now;
    const next = nextSize(wanted, processes, bounds, { changedAt, neededAt }, now);
    if (next !== processes) changedAt = now;
    processes = next;
    sizes.push(processes);
  }
  assert.equal(ready, 0);
  const turns = sizes.filter((size, at) => {
    const [before = size, after = size] = [sizes[at - 1], sizes.slice(at).find((later) => later !== size)];
    return size > before && after < size;
  });
  assert.ok(Math.max(...sizes) > 6, `it grew to ${Math.max(...sizes)}`);
  assert.equal(turns.length, 1, "up once and down once");
  assert.equal(sizes.at(-1), 2);
});

let world: World;
before(async () => {
  world = await openWorld();
  await run(`select queue.declare_tasks('[{"name": "try/nap"}]')`);
});
after(() => world[Symbol.asyncDispose]());
beforeEach(() =>
  run("delete from graphile_worker._private_jobs; delete from queue.pauses; delete from queue.attempts"),
);

test("the backlog counts what is ready, in the order of the queues asked for", async () => {
  await run("select queue.dispatch('try/nap', queue => 'high') from generate_series(1, 3)");
  await run("select queue.dispatch('try/nap', queue => 'high', delay => interval '1 hour')");
  await run("select queue.dispatch('try/nap', run_at => now() - interval '90 seconds')");
  await run("select graphile_worker.add_job('some/task')");
  await run(
    "update graphile_worker._private_jobs set locked_at = now(), locked_by = 'w' where id = (select min(id) from graphile_worker._private_jobs)",
  );
  assert.deepEqual(await ready(), { high: 2, default: 2, mail: 0 });
  assert.deepEqual(await ready(["high"]), { high: 2 });
  const { loads } = await lookAt(world.pool, "me");
  const waiting = loads.find(({ queue }) => queue === "default");
  assert.ok(waiting && waiting.oldestSeconds >= 90 && waiting.oldestSeconds < 120);
});

test("what is paused or left to Laravel is no backlog, until it is resumed", async () => {
  await run("select queue.dispatch('try/nap', queue => 'mail')");
  await run("insert into queue.pauses (queue, paused_by) values ('mail', 'me')");
  assert.deepEqual(await ready(), { high: 0, default: 0 });
  await run("update queue.pauses set until = now() - interval '1 second'");
  assert.deepEqual(await ready(), { high: 0, default: 0, mail: 1 });
  await run("insert into queue.pauses (queue, paused_by) values ('*', 'me')");
  assert.deepEqual(await ready(), {});
  await run("delete from queue.pauses");
  await run("update queue.queues set served = false where name = 'mail'");
  assert.deepEqual(await ready(), { high: 0, default: 0 });
  await run("update queue.queues set served = true where name = 'mail'");
});

test("runtimes are those of what was completed in the last two minutes", async () => {
  await run("select queue.dispatch('try/nap')");
  await run(`
    insert into queue.attempts (uuid, job_id, queue, task, attempt, outcome, started_at, ended_at)
    select gen_random_uuid(), n, 'default', 'try/nap', 1, outcome, ended_at - n * interval '100 ms', ended_at
    from (values (1, 'completed', now()), (3, 'completed', now()), (900, 'failed', now()),
      (900, 'completed', now() - interval '10 minutes')) a (n, outcome, ended_at)`);
  const { loads } = await lookAt(world.pool, "me");
  const known = loads.filter(({ averageMs }) => averageMs !== null);
  assert.deepEqual(
    known.map(({ queue, averageMs }) => [queue, averageMs]),
    [["default", 200]],
  );
});

test("slots elsewhere count when they live, serve one of the queues and are not ours", async () => {
  await run(`
    insert into queue.processes (id, hostname, pid, slots, queues, tasks, supervisor, beat_at)
    select gen_random_uuid(), 'h', 1, slots, queues, '{}', supervisor, now() - ago
    from (values (1, '{*}'::text[], null, interval '0'), (2, '{high}', 'other', '0'), (4, '{mail}', 'other', '0'),
      (8, '{*}', 'me', '0'), (16, '{*}', 'other', '1 minute')) p (slots, queues, supervisor, ago)`);
  const place = { rank: 0, weight: 1 };
  assert.equal((await lookAt(world.pool, "me")).otherSlots, 7);
  assert.equal((await lookAt(world.pool, "me", new Map([["high", place]]))).otherSlots, 3);
});

test("a look at 200,000 jobs costs what a look at ten thousand does", async () => {
  await run(`
    insert into graphile_worker._private_jobs (task_id, payload, priority, run_at, max_attempts)
    select (select task_id from queue.queues where name = 'default'), '{}', 0, now(), 1 from generate_series(1, 200000)`);
  await run("analyze graphile_worker._private_jobs");
  assert.deepEqual(await ready(), { high: 0, default: 10_000, mail: 0 });
  const { rows } = await run("explain (analyze, buffers, format json) select * from queue.backlog()");
  const pages = rows[0]["QUERY PLAN"][0].Plan["Shared Hit Blocks"];
  assert.ok(pages < 2000, `${pages} pages`);
});

async function ready(queues = ["high", "default", "mail"]): Promise<Record<string, number>> {
  const order = new Map(queues.map((queue, rank) => [queue, { rank, weight: 1 }]));
  const { loads } = await lookAt(world.pool, "me", order);
  return Object.fromEntries(loads.map(({ queue, ready }) => [queue, ready]));
}

function run(query: string, values?: unknown[]) {
  return world.pool.query(query, values);
}
