import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { listenTo } from "../queue/desk.ts";
import { type Cli, openCli } from "./cli.ts";

let cli: Cli;
before(async () => {
  cli = await openCli();
});
after(() => cli[Symbol.asyncDispose]());
afterEach(async () => {
  await cli.rows("delete from graphile_worker._private_jobs");
  await cli.rows("delete from queue.pauses");
  await cli.rows("delete from queue.processes");
});

test("queue:monitor shows sizes; a queue at ALERT ends it with 1", async () => {
  const { id } = await cli.dispatch({ queue: "mail" });
  await cli.dispatch({ queue: "mail" });
  await cli.dispatch({ queue: "mail", delay: "1 hour" });
  await cli.take(id);
  const calm = await cli.howdah("queue:monitor", "mail,default");
  assert.equal(calm.code, 0);
  const lines = calm.out.split("\n").map((line) => line.trim().replace(/ \.+ /, " | "));
  assert.deepEqual(lines.slice(1, 7), [
    "Queue name | Size / Status",
    "[database] mail | [3] OK",
    "Pending jobs | 1",
    "Delayed jobs | 1",
    "Reserved jobs | 1",
    lines[6],
  ]);
  assert.match(lines[6] ?? "", /^Oldest pending job \| \d+ seconds? ago$/);
  assert.ok(lines.includes("Oldest pending job | N/A"), "that of default");
  const alert = await cli.howdah("queue:monitor", "database:mail", "--max=3");
  assert.equal(alert.code, 1);
  assert.match(alert.out, /\[database\] mail \.+ \[3\] ALERT/);
});

test("queue:monitor --json has Laravel's keys, also at ALERT", async () => {
  await cli.dispatch({ queue: "mail" });
  const { code, out } = await cli.howdah("queue:monitor", "mail,default", "--max=1", "--json");
  assert.equal(code, 1);
  const [mail, fallback] = JSON.parse(out);
  assert.ok(Math.abs(mail.oldest_pending - Date.now() / 1000) < 60);
  const zero = { connection: "database", pending: 0, delayed: 0, reserved: 0, paused: false };
  assert.deepEqual(
    { ...mail, oldest_pending: 0 },
    { ...zero, queue: "mail", size: 1, pending: 1, oldest_pending: 0, status: "ALERT" },
  );
  assert.deepEqual(fallback, { ...zero, queue: "default", size: 0, oldest_pending: null, status: "OK" });
});

test("queue:monitor of a queue that is none ends with 1, of nonsense with 2", async () => {
  const unknown = await cli.howdah("queue:monitor", "default,nowhere");
  assert.equal(unknown.code, 1);
  assert.match(unknown.err, /There is no queue "nowhere"/);
  assert.equal((await cli.howdah("queue:monitor", "default", "--max=many")).code, 2);
  assert.equal((await cli.howdah("queue:monitor")).code, 2);
});

test("queue:pause and queue:resume, alias queue:continue, hold a queue and let it go", async () => {
  const paused = await cli.howdah("queue:pause", "database:mail", "--reason=Postmark is down");
  assert.equal(paused.code, 0);
  assert.match(paused.out, /INFO {2}Job processing on queue \[database:mail\] has been paused\./);
  const [row] = await cli.rows("select queue, until, reason, paused_by from queue.pauses");
  assert.deepEqual(
    { ...row, paused_by: "" },
    { queue: "mail", until: null, reason: "Postmark is down", paused_by: "" },
  );
  assert.match(row.paused_by, /^cli:./);
  const resumed = await cli.howdah("queue:continue", "mail");
  assert.equal(resumed.code, 0);
  assert.match(resumed.out, /INFO {2}Job processing on queue \[database:mail\] has been resumed\./);
  assert.match((await cli.howdah("queue:resume", "mail")).out, /mail\] was not paused\./);
  for (const command of ["queue:pause", "queue:resume"]) {
    assert.equal((await cli.howdah(command, "nowhere")).code, 1);
    const bare = await cli.howdah(command);
    assert.equal(bare.code, 2);
    assert.match(bare.err, /A queue name is required unless the --all option is used\./);
  }
});

test("a pause ends by itself with --for or --until", async () => {
  const seconds = "select round(extract(epoch from until - now()) / 10) from queue.pauses where queue = $1";
  const short = await cli.howdah("queue:pause", "mail", "--for=600");
  assert.match(short.out, /has been paused until \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC\./);
  assert.equal(await cli.value(seconds, "mail"), "60");
  const until = new Date(Date.now() + 1_200_000).toISOString();
  assert.equal((await cli.howdah("queue:pause", "default", `--until=${until}`)).code, 0);
  assert.equal(await cli.value(seconds, "default"), "120");
  assert.equal((await cli.howdah("queue:pause", "mail", "--until=soon")).code, 2);
  assert.equal((await cli.howdah("queue:pause", "mail", "--for=60", `--until=${until}`)).code, 2);
});

test("--all pauses every queue; a queue's own pause outlives that of all, and is told", async () => {
  const all = await cli.howdah("queue:pause", "--all");
  assert.match(all.out, /Job processing on all queues across all connections has been paused\./);
  assert.equal(await cli.value("select queue.is_paused('mail')"), true);
  await cli.howdah("queue:pause", "mail");
  assert.match((await cli.howdah("queue:resume", "mail")).err, /WARN {2}All queues are still paused/);
  await cli.howdah("queue:pause", "mail");
  const resumed = await cli.howdah("queue:resume", "--all");
  assert.match(resumed.out, /Job processing on all queues across all connections has been resumed\./);
  assert.match(resumed.err, /Still paused by themselves: mail\./);
});

test("queue:clear deletes what waits on the queues that it is told, default unless told", async () => {
  await cli.dispatch();
  await cli.dispatch({ queue: "mail" });
  const one = await cli.howdah("queue:clear");
  assert.equal(one.code, 0);
  assert.match(one.out, /INFO {2}Cleared 1 job from the \[default\] queue\./);
  await cli.dispatch();
  const both = await cli.howdah("queue:clear", "database", "--queue=mail, default");
  assert.match(both.out, /Cleared 2 jobs from the \[mail, default\] queues\./);
  assert.equal(await cli.value("select count(*)::int from queue.jobs"), 0);
});

test("queue:clear takes a queue for a connection never, and all or none of those it is told", async () => {
  await cli.dispatch();
  const mistaken = await cli.howdah("queue:clear", "mail");
  assert.equal(mistaken.code, 2);
  assert.match(mistaken.err, /a queue is named by --queue=mail/);
  assert.equal((await cli.howdah("queue:clear", "--queue=default,nowhere")).code, 1);
  assert.equal(await cli.value("select count(*)::int from queue.jobs"), 1);
});

test("queue:clear in production, where nobody can be asked, needs --force", async () => {
  await cli.dispatch();
  const refused = await cli.howdahWith({ NODE_ENV: "production" }, "queue:clear");
  assert.equal(refused.code, 1);
  assert.match(refused.err, /nobody can be asked here: use --force/);
  assert.equal(await cli.value("select count(*)::int from queue.jobs"), 1);
  const forced = await cli.howdahWith({ NODE_ENV: "production" }, "queue:clear", "--force");
  assert.equal(forced.code, 0);
  assert.equal(await cli.value("select count(*)::int from queue.jobs"), 0);
});

test("queue:restart tells every worker, and is noted", async () => {
  await cli.enter();
  await using workers = await listenTo(cli, "howdah_queue");
  const { code, out } = await cli.howdah("queue:restart");
  assert.equal(code, 0);
  assert.match(out, /INFO {2}Broadcasting queue restart signal\./);
  await workers.heard("restart");
  assert.deepEqual((await cli.noted())[0]?.act, "restart");
});

test("queues shows every queue; --json all that queue.overview knows", async () => {
  await cli.dispatch({ queue: "mail" });
  await cli.enter({ queues: ["mail"] });
  await cli.rows("select queue.pause('default', 'lunch')");
  const { code, out } = await cli.howdah("queues");
  assert.equal(code, 0);
  assert.match(
    out,
    /^ {2}queue +waiting +delayed +running +failed +oldest +workers +jobs\/min +average +state$/m,
  );
  assert.match(out, /^ {2}mail +1 +0 +0 +\d+ +\d+ seconds? +1 +[\d.]+ +\S+ +served$/m);
  assert.match(out, /^ {2}default is paused by \S+: lunch$/m);
  const rows: { queue: string; waiting: number; paused: boolean }[] = JSON.parse(
    (await cli.howdah("queues", "--json")).out,
  );
  assert.equal(rows.find(({ queue }) => queue === "mail")?.waiting, 1);
  assert.equal(rows.find(({ queue }) => queue === "default")?.paused, true);
});

test("queue:create makes a queue, with settings", async () => {
  const made = await cli.howdah(
    "queue:create",
    "reports",
    "concurrency=2",
    "backoff=1,2,3",
    "keep_failed=3 days",
  );
  assert.equal(made.code, 0);
  assert.match(made.out, /INFO {2}Queue \[reports\] created\./);
  const [row] = await cli.rows(
    "select concurrency, backoff, keep_failed::text from queue.queues where name = 'reports'",
  );
  assert.deepEqual(row, { concurrency: 2, backoff: [1, 2, 3], keep_failed: "3 days" });
  assert.match((await cli.howdah("queue:create", "reports")).out, /\[reports\] was there already\./);
  assert.equal((await cli.howdah("queue:create", "a/b")).code, 2);
});

test("queue:configure changes settings and shows them", async () => {
  const changed = await cli.howdah("queue:configure", "mail", "rate=10", "served=true");
  assert.equal(changed.code, 0);
  assert.match(changed.out, /^ {2}rate \.+ 10$/m);
  assert.equal(await cli.value("select rate from queue.queues where name = 'mail'"), 10);
  assert.equal((await cli.noted())[0]?.act, "configure");
  await cli.howdah("queue:configure", "mail", "rate=null", "backoff=7");
  const shown = await cli.howdah("queue:configure", "mail", "--json");
  const settings = JSON.parse(shown.out);
  assert.deepEqual({ rate: settings.rate, backoff: settings.backoff }, { rate: null, backoff: [7] });
  assert.equal((await cli.howdah("queue:configure", "nowhere")).code, 1);
  assert.equal((await cli.howdah("queue:configure", "nowhere", "rate=1")).code, 1);
  assert.match((await cli.howdah("queue:configure", "mail", "speed=5")).err, /has no setting "speed"/);
  for (const pair of ["speed=5", "rate", "concurrency=many", "concurrency=0"])
    assert.equal((await cli.howdah("queue:configure", "mail", pair)).code, 2, pair);
});

test("queue:limit sets, shows and removes the limit of a key", async () => {
  assert.match((await cli.howdah("queue:limit")).out, /No limits are set\./);
  const set = await cli.howdah("queue:limit", "tenant:*", "rate=5", "concurrency=2");
  assert.equal(set.code, 0);
  assert.match((await cli.howdah("queue:limit")).out, /^ {2}tenant:\* +5 +1 +2 +- +60 +60$/m);
  const [row] = JSON.parse((await cli.howdah("queue:limit", "tenant:*", "--json")).out);
  assert.deepEqual({ key: row.key, rate: row.rate }, { key: "tenant:*", rate: 5 });
  assert.equal((await cli.howdah("queue:limit", "tenant:*", "speed=1")).code, 2);
  assert.equal((await cli.howdah("queue:limit", "tenant:*", "rate=0")).code, 2);
  assert.equal((await cli.howdah("queue:limit", "tenant:*", "--remove")).code, 0);
  assert.equal((await cli.howdah("queue:limit", "tenant:*", "--remove")).code, 1);
  assert.equal((await cli.howdah("queue:limit", "tenant:*")).code, 1);
});

test("schedule:list shows what recurs and when it is due", async () => {
  assert.match((await cli.howdah("schedule:list")).out, /No scheduled tasks have been defined\./);
  await cli.rows("select queue.schedule('remind', 'try/one', '0 7 * * 1-5', timezone => 'Asia/Jakarta')");
  await cli.rows("select queue.schedule('off', 'try/one', '@daily'), queue.disable_schedule('off')");
  await cli.rows(
    "update queue.schedules set next_tick = now() + interval '2 hours 5 minutes' where name = 'remind'",
  );
  const { code, out } = await cli.howdah("schedule:list");
  assert.equal(code, 0);
  assert.match(
    out,
    /^ {2}0 7 \* \* 1-5 {2}remind \(try\/one\) Asia\/Jakarta \.* Next Due: 2 hours from now$/m,
  );
  assert.match(out, /^ {2}@daily {7}off \(try\/one\) \.+ Disabled$/m);
  const [off, remind] = JSON.parse((await cli.howdah("schedule:list", "--json")).out);
  assert.equal(off.enabled, false);
  assert.deepEqual([remind.expression, remind.timezone], ["0 7 * * 1-5", "Asia/Jakarta"]);
  assert.ok(Date.parse(remind.next_due_date) > Date.now());
});

test("the table commands say that the tables are there", async () => {
  for (const [command, says] of [
    ["queue:table", /graphile_worker\._private_jobs/],
    ["queue:failed-table", /laravel\.failed_jobs/],
    ["queue:batches-table", /laravel\.job_batches/],
  ] as const) {
    const { code, out } = await cli.howdah(command);
    assert.equal(code, 0);
    assert.match(out, says);
  }
});
