import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { Listener } from "#db/listen.ts";
import { openPool } from "#db/pool.ts";
import { readCron } from "#queue/cron.ts";
import { declareSchedules, schedules } from "#queue/schedule.ts";
import { tickOne } from "#queue/tick.ts";
import { Ticker } from "#queue/ticker.ts";
import { onTelemetry, type TelemetryEvent, type TelemetryEvents } from "#telemetry.ts";
import { until } from "../support/wait.ts";
import { openWorld, type World } from "../support/world.ts";

let world: World;
before(async () => {
  world = await openWorld();
  await run("select queue.create_queue('default')");
  await run(`select queue.declare_tasks('[{"name": "try/tick", "options": {"tags": ["nightly"]}}]')`);
});
after(() => world[Symbol.asyncDispose]());
beforeEach(() => run("delete from queue.schedules; delete from graphile_worker._private_jobs"));

const noon = new Date("2026-06-01T12:00:00Z");
const minutes = (n: number) => new Date(noon.getTime() + n * 60_000);

test("a fixed time that the clock jumps over comes right after the gap, and the next day at its time", () => {
  assert.deepEqual(next("30 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", 2), [
    ...["2026-03-29T01:00:00.000Z", "2026-03-30T00:30:00.000Z"],
  ]);
  assert.deepEqual(next("0 0 * * *", "America/Sao_Paulo", "2018-11-03T12:00:00Z", 1), [
    "2018-11-04T03:00:00.000Z",
  ]);
});

test("a fixed time that the clock shows twice comes once, what recurs goes on through both hours", () => {
  assert.deepEqual(next("30 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z", 2), [
    ...["2026-10-25T00:30:00.000Z", "2026-10-26T01:30:00.000Z"],
  ]);
  assert.deepEqual(next("0 * * * *", "Europe/Berlin", "2026-10-24T23:30:00Z", 4), [
    ...["2026-10-25T00:00:00.000Z", "2026-10-25T01:00:00.000Z"],
    ...["2026-10-25T02:00:00.000Z", "2026-10-25T03:00:00.000Z"],
  ]);
  assert.deepEqual(next("*/30 * * * *", "Europe/Berlin", "2026-03-29T00:15:00Z", 3), [
    ...["2026-03-29T00:30:00.000Z", "2026-03-29T01:00:00.000Z", "2026-03-29T01:30:00.000Z"],
  ]);
});

test("looking back over the changes of the clocks finds the same ticks as looking ahead", () => {
  const days = ["2026-03-07", "2026-03-28", "2026-04-04", "2026-10-03", "2026-10-24", "2026-10-31"];
  for (const timezone of ["Asia/Jakarta", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"])
    for (const expression of ["*/30 * * * *", "30 2 * * *", "15 1-3 * * *", "0 0 * * 0"]) {
      const cron = readCron(expression, timezone);
      for (const from of days.map((day) => new Date(`${day}T00:10:00Z`))) {
        const to = new Date(from.getTime() + 2 * 24 * 60 * 60_000);
        const ahead: Date[] = [];
        for (let tick = cron.next(from); tick && tick <= to; tick = cron.next(tick)) ahead.push(tick);
        assert.deepEqual(cron.last(ahead.length + 1, from, to), ahead, `${expression} ${timezone}`);
      }
    }
});

test("six fields have the second in front, a word is an expression, and day or weekday suffices", () => {
  assert.deepEqual(next("*/20 * * * * *", "UTC", "2026-06-01T12:00:00Z", 2), [
    ...["2026-06-01T12:00:20.000Z", "2026-06-01T12:00:40.000Z"],
  ]);
  assert.deepEqual(next("@daily", "Asia/Jakarta", "2026-06-01T12:00:00Z", 1), ["2026-06-01T17:00:00.000Z"]);
  assert.deepEqual(next("0 0 13 * 5", "UTC", "2026-06-11T12:00:00Z", 3), [
    ...["2026-06-12T00:00:00.000Z", "2026-06-13T00:00:00.000Z", "2026-06-19T00:00:00.000Z"],
  ]);
});

test("what is no expression or no time zone is told as such", () => {
  for (const bad of ["", "* * * *", "* * * * * * *", "61 * * * *", "@reboot", "soon", "2027-01-01T00:00:00"])
    assert.throws(() => readCron(bad, "UTC"), { code: "BadCron", message: /is no cron expression/ }, bad);
  assert.throws(() => readCron("* * * * *", "Mars/Base"), { code: "BadCron", message: /is no time zone/ });
  assert.equal(readCron("0 0 30 2 *", "UTC").next(noon), undefined);
});

test("queue.schedule refuses what cannot be meant, and takes what can", async () => {
  const refused = [
    { call: ["a", "try/tick", "* * * *"], says: /five fields/ },
    { call: ["a", "try/tick", "@never"], says: /five fields/ },
    { call: ["a", "try/nobody", "* * * * *"], says: /tasks\/try\/nobody\.ts/ },
    { call: ["a", "try/tick", "* * * * *", "nowhere"], says: /create_queue\('nowhere'\)/ },
    { call: ["a", "try/tick", "* * * * *", "default", "Mars/Base"], says: /no time zone/ },
    { call: ["a", "try/tick", "* * * * *", "default", "UTC", "never"], says: /skip, once or all/ },
  ];
  for (const { call, says } of refused)
    await assert.rejects(schedule(...call), { code: "HW422", message: says });
  await schedule("a", "try/tick", " @daily ", "default", "Asia/Jakarta", "all");
  await schedule("a", "try/tick", "*/5 * * * * *");
  assert.deepEqual((await row("a")).cron, "*/5 * * * * *");
  assert.equal((await row("a")).timezone, "UTC");
});

test("a schedule is removed, disabled and enabled by SQL", async () => {
  await schedule("a", "try/tick", "0 * * * *");
  await tickOne(world.pool, noon);
  assert.deepEqual((await row("a")).next_tick, minutes(60));
  await run("select queue.disable_schedule('a')");
  assert.equal(await tickOne(world.pool, minutes(90)), false);
  await run("select queue.enable_schedule('a')");
  await tickOne(world.pool, minutes(150));
  assert.deepEqual((await row("a")).next_tick, minutes(180), "what lay between was not missed");
  assert.equal(await jobs(), 0);
  await assert.rejects(run("select queue.enable_schedule('b')"), { code: "HW404" });
  assert.deepEqual(await run("select queue.unschedule('a') as done"), [{ done: true }]);
  assert.deepEqual(await run("select queue.unschedule('a') as done"), [{ done: false }]);
});

test("a tick dispatches its job with payload and tags, and moves on in the same transaction", async () => {
  await run(`select queue.schedule('a', 'try/tick', '0 * * * *', '{"n": 1}')`);
  assert.equal(await tickOne(world.pool, noon), true);
  assert.equal(await jobs(), 0, "a new schedule begins with its next tick");
  assert.equal(await tickOne(world.pool, minutes(59)), false);
  const ticked = heard("schedule:ticked");
  assert.equal(await tickOne(world.pool, new Date(minutes(60).getTime() + 250)), true);
  assert.deepEqual(ticked(), [{ name: "a", task: "try/tick", tick: minutes(60), jobs: 1, lateMs: 250 }]);
  const [job] = await run("select payload from graphile_worker._private_jobs");
  assert.equal(job?.payload.job, "try/tick");
  assert.deepEqual(job?.payload.data, { n: 1 });
  assert.deepEqual(job?.payload.tags, ["schedule:a", "tick:2026-06-01T13:00:00Z", "nightly"]);
  const { last_tick, next_tick, error } = await row("a");
  assert.deepEqual([last_tick, next_tick, error], [minutes(60), minutes(120), null]);
});

const policies = [
  { missed: "skip", lateMinutes: 0.5, cron: "*/10 * * * *", dispatched: 1, last: 10 },
  { missed: "skip", lateMinutes: 35, cron: "*/10 * * * *", dispatched: 0, last: null },
  { missed: "skip", lateMinutes: 30.5, cron: "*/10 * * * *", dispatched: 1, last: 40 },
  { missed: "once", lateMinutes: 35, cron: "*/10 * * * *", dispatched: 1, last: 40 },
  { missed: "all", lateMinutes: 35, cron: "*/10 * * * *", dispatched: 4, last: 40 },
  { missed: "all", lateMinutes: 0, cron: "*/10 * * * *", dispatched: 1, last: 10 },
  { missed: "all", lateMinutes: 3000, cron: "* * * * *", dispatched: 1000, last: 3001 },
];

for (const { missed, lateMinutes, cron, dispatched, last } of policies) {
  test(`missed ticks by policy: ${missed}, seen ${lateMinutes} minutes late: ${dispatched} of "${cron}"`, async () => {
    await schedule("a", "try/tick", cron, "default", "UTC", missed);
    await tickOne(world.pool, noon);
    const first = (await row("a")).next_tick as Date;
    const skipped = heard("schedule:skipped");
    const seen = new Date(first.getTime() + lateMinutes * 60_000);
    assert.equal(await tickOne(world.pool, seen), true);
    assert.equal(await tickOne(world.pool, seen), false);
    assert.equal(await jobs(), dispatched);
    assert.deepEqual((await row("a")).last_tick, last === null ? null : minutes(last));
    assert.ok(((await row("a")).next_tick as Date) > seen);
    assert.equal(skipped().length, dispatched === 0 ? 1 : 0, "no silence");
  });
}

test("however many look at once, a tick is run once; whoever loses the race runs another schedule", async () => {
  for (const name of ["a", "b", "c"]) await schedule(name, "try/tick", "0 * * * *");
  const pool = openPool(world.databaseUrl, "tickers", { max: 16 });
  const all = () => Promise.all(Array.from({ length: 16 }, () => tickOne(pool, minutes(1))));
  while ((await all()).some(Boolean));
  await run("update queue.schedules set next_tick = $1", [noon]);
  while ((await all()).some(Boolean));
  await pool.end();
  assert.equal(await jobs(), 3);
});

test("a worker that dies in the middle of a tick leaves it to the next one", async () => {
  await schedule("a", "try/tick", "0 * * * *");
  await run("update queue.schedules set next_tick = $1", [noon]);
  const dying = await world.pool.connect();
  await dying.query("begin");
  await dying.query("select queue.tick(name, array[$1::timestamptz], $2) from queue.due_schedule($1)", [
    noon,
    minutes(60),
  ]);
  assert.equal(await tickOne(world.pool, noon), false, "held by another");
  dying.release(true);
  await until(() => tickOne(world.pool, noon));
  assert.equal(await jobs(), 1);
});

test("a row that cannot be read says why, is left alone, and goes on when it is mended", async () => {
  const bad = [
    { set: "cron = '61 * * * *'", says: /"61 \* \* \* \*" is no cron expression/ },
    { set: "timezone = 'Mars/Base'", says: /"Mars\/Base" is no time zone/ },
    { set: "cron = '0 0 30 2 *'", says: /never comes/ },
  ];
  for (const { set, says } of bad) {
    await run("delete from queue.schedules");
    await run(`insert into queue.schedules (name, task, cron) values ('a', 'try/tick', '0 * * * *')`);
    await run(`update queue.schedules set ${set}`);
    const failed = heard("schedule:failed");
    assert.equal(await tickOne(world.pool, noon), true);
    assert.equal(await tickOne(world.pool, noon), false, "not tried in a loop");
    assert.match(String((await row("a")).error), says);
    assert.match(failed()[0]?.error ?? "", says);
    await run("update queue.schedules set cron = '0 * * * *', timezone = 'UTC'");
    assert.equal(await tickOne(world.pool, noon), true);
    assert.deepEqual([(await row("a")).error, (await row("a")).next_tick], [null, minutes(60)]);
  }
});

test("a dispatch that is refused says why and is tried again at the next tick", async () => {
  await run("insert into queue.schedules (name, task, cron) values ('a', 'try/unknown', '0 * * * *')");
  await run("update queue.schedules set next_tick = $1", [noon]);
  const failed = heard("schedule:failed");
  assert.equal(await tickOne(world.pool, noon), true);
  assert.match(failed()[0]?.error ?? "", /There is no task "try\/unknown"/);
  assert.deepEqual([(await row("a")).last_tick, (await row("a")).next_tick], [null, minutes(60)]);
  await run("update queue.schedules set task = 'try/tick'");
  assert.equal(await tickOne(world.pool, minutes(60)), true);
  assert.deepEqual([(await row("a")).last_tick, (await row("a")).error], [minutes(60), null]);
  assert.equal(await jobs(), 1);
});

test("an operator's edit of a declared schedule stays until the code says something else", async () => {
  const declared = { a: { task: "try/tick", cron: "0 1 * * *" }, b: { task: "try/tick", cron: "0 2 * * *" } };
  await declareSchedules(world.pool, declared);
  await run("update queue.schedules set cron = '5 5 * * *', timezone = 'Asia/Jakarta' where name = 'a'");
  await run("select queue.disable_schedule('a')");
  await schedule("operators", "try/tick", "0 * * * *");
  await declareSchedules(world.pool, declared);
  assert.equal((await row("a")).cron, "5 5 * * *");
  await declareSchedules(world.pool, { a: { task: "try/tick", cron: "0 3 * * *" } });
  const { cron, timezone, enabled } = await row("a");
  assert.deepEqual([cron, timezone, enabled], ["0 3 * * *", "Asia/Jakarta", false]);
  const left = await run("select name from queue.schedules order by name");
  assert.deepEqual(left, [{ name: "a" }, { name: "operators" }]);
  await assert.rejects(run("select queue.unschedule('a')"), { code: "HW409", message: /disable_schedule/ });
});

test("many processes declare the product's schedules at once, and all of them can be read", async () => {
  await Promise.all(Array.from({ length: 8 }, () => declareSchedules(world.pool)));
  const rows = await run("select cron, timezone from queue.schedules");
  assert.equal(rows.length, Object.keys(schedules).length);
  for (const { cron, timezone } of rows) assert.ok(readCron(cron, timezone).next(noon));
});

test("running tickers: each second runs once, an edit is seen at once, and the stop is prompt", async () => {
  const pool = openPool(world.databaseUrl, "tickers");
  const tickers = [new Ticker(pool), new Ticker(pool), new Ticker(pool)];
  const listener = new Listener(world.databaseUrl, "try");
  listener.listen("howdah_queue", (payload) => {
    if (payload === "schedule") for (const ticker of tickers) ticker.wake();
  });
  await listener.start();
  for (const ticker of tickers) ticker.start();
  const ticked = heard("schedule:ticked");
  await schedule("a", "try/tick", "* * * * * *");
  await until(() => ticked().length >= 4);
  await run("update queue.schedules set cron = '0 0 1 1 *'");
  await until(async () => ((await row("a")).next_tick as Date | null)?.getMonth() === 0);
  const seen = ticked().map(({ tick }) => tick.getTime());
  assert.equal(new Set(seen).size, seen.length, "no tick twice");
  assert.equal(await jobs(), seen.length);
  assert.ok(Math.max(...ticked().map(({ lateMs }) => lateMs)) < 5000);

  await run("update queue.schedules set next_tick = now()");
  await until(() => ticked().length > seen.length);
  const since = performance.now();
  await Promise.all(tickers.map((ticker) => ticker[Symbol.asyncDispose]()));
  assert.ok(performance.now() - since < 5000);
  await listener[Symbol.asyncDispose]();
  await pool.end();
});

test("a ticker lives through lost connections", async () => {
  const pool = openPool(world.databaseUrl, "ticker-cut", { max: 2 });
  const ticker = new Ticker(pool);
  ticker.start();
  await schedule("a", "try/tick", "* * * * * *");
  const ticked = heard("schedule:ticked");
  ticker.wake();
  for (const _ of [1, 2]) {
    const before = ticked().length;
    await until(() => ticked().length > before);
    await run(
      "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'howdah:ticker-cut'",
    );
  }
  const before = ticked().length;
  await until(() => ticked().length > before);
  await ticker[Symbol.asyncDispose]();
  await pool.end();
});

function next(expression: string, timezone: string, from: string, count: number): string[] {
  const cron = readCron(expression, timezone);
  const ticks: Date[] = [];
  for (let at: Date | undefined = new Date(from); ticks.length < count; ticks.push(at)) {
    at = cron.next(at);
    if (!at) break;
  }
  return ticks.map((tick) => tick.toISOString());
}

function schedule(...[name, task, cron, queue, timezone, missed]: string[]) {
  return run(
    "select queue.schedule($1, $2, $3, queue => $4, timezone => coalesce($5, 'UTC'), missed => coalesce($6, 'skip'))",
    [name, task, cron, queue, timezone, missed],
  );
}

async function row(name: string) {
  return (await run("select * from queue.schedules where name = $1", [name]))[0] ?? assert.fail(name);
}

async function jobs(): Promise<number> {
  return (await run("select count(*)::int as count from graphile_worker._private_jobs"))[0]?.count;
}

// biome-ignore lint/suspicious/noExplicitAny: rows of many shapes
async function run(query: string, values?: unknown[]): Promise<Record<string, any>[]> {
  return (await world.pool.query(query, values)).rows;
}

/** What was told of an event from now on; the process ends with the tests, and so does the listening. */
function heard<E extends TelemetryEvent>(event: E): () => TelemetryEvents[E][] {
  const told: TelemetryEvents[E][] = [];
  onTelemetry((name, payload) => {
    if ((name as string) === event) told.push(payload as never);
  });
  return () => told;
}
