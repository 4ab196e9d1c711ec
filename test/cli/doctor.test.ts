import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import pg from "pg";
import { type Cli, openCli } from "./cli.ts";

type Finding = { check: string; status: string; finding: string | null; cure: string | null };

let cli: Cli;
before(async () => {
  cli = await openCli();
});
after(() => cli[Symbol.asyncDispose]());
afterEach(async () => {
  await cli.rows("delete from graphile_worker._private_jobs");
  await cli.rows("delete from queue.processes");
  await cli.rows("delete from queue.pauses");
  await cli.rows("delete from queue.schedules");
  await cli.rows("update queue.queues set timeout_seconds = 60");
});

const all = ["high", "default", "mail", "bulk", "media"];

test("a healthy queue is OK, and ends with 0", async () => {
  await cli.enter({ queues: all });
  const { code, out } = await cli.howdah("doctor");
  assert.equal(code, 0, out);
  assert.match(out, /^ {2}time limits \.+ OK$/m);
  assert.doesNotMatch(out, /ERROR|WARNING/);
});

test("a warning ends with 0, an error with 1, each with its cure", async () => {
  const warned = await cli.howdah("doctor");
  assert.equal(warned.code, 0);
  assert.match(
    warned.out,
    /workers \.+ WARNING\n {4}no worker is alive \(jobs that are due: 0\)\n {4}Cure: howdah work\n/,
  );
  await cli.dispatch();
  const failed = await cli.howdah("doctor");
  assert.equal(failed.code, 1);
  assert.match(failed.out, /workers \.+ ERROR\n {4}no worker is alive \(jobs that are due: 1\)/);
});

test("a queue that nobody serves is found beside live workers, unless it is paused or Laravel's", async () => {
  await cli.enter({ queues: ["high", "default", "bulk", "media"] });
  const [finding] = await findings("workers");
  assert.match(finding?.finding ?? "", /no live worker serves the queue mail/);
  assert.equal(finding?.cure, "howdah work --queue=mail");
  await cli.rows("select queue.pause('mail')");
  assert.equal((await findings("workers"))[0]?.status, "ok");
  await cli.rows("delete from queue.pauses");
  await cli.rows("update queue.queues set served = false where name = 'mail'");
  assert.equal((await findings("workers"))[0]?.status, "ok");
  await cli.rows("update queue.queues set served = true where name = 'mail'");
});

test("a time limit that graphile-worker's four hours undercut is an error", async () => {
  await cli.rows("select queue.configure('mail', '{\"timeout_seconds\": 0}')");
  await cli.rows("select queue.configure('media', '{\"timeout_seconds\": 20000}')");
  await cli.rows("select queue.configure('bulk', '{\"timeout_seconds\": 14000}')");
  await cli.rows(
    "select queue.declare_tasks($1)",
    JSON.stringify([{ name: "try/slow", options: { timeout: 0 } }]),
  );
  const found = await findings("time limits");
  assert.deepEqual(
    found.map(({ status, finding }) => [status, finding?.split(",")[0]]),
    [
      ["error", "the queue mail has no time limit"],
      ["error", "the queue media has a time limit of 6 h"],
      ["error", "the task try/slow has no time limit"],
    ],
  );
  await cli.rows("delete from queue.tasks where name = 'try/slow'");
});

test("a pause that somebody forgot is told", async () => {
  await cli.rows("select queue.pause('mail', 'lunch')");
  assert.equal((await findings("pauses"))[0]?.status, "ok");
  await cli.rows("update queue.pauses set paused_at = now() - interval '2 hours'");
  const [finding] = await findings("pauses");
  assert.match(finding?.finding ?? "", /^mail is paused by \S+ since 2 h, without an end: lunch$/);
  assert.equal(finding?.cure, "howdah queue:resume mail");
});

test("indexes that lack, and that nobody needs, are told", async () => {
  assert.equal((await findings("indexes"))[0]?.status, "ok");
  const task = await cli.value("select task_id from queue.queues where name = 'mail'");
  await cli.rows(`alter index graphile_worker.jobs_of_queue_${task} rename to jobs_of_queue_999`);
  const found = await findings("indexes");
  assert.deepEqual(
    found.map(({ status, finding }) => [status, finding?.slice(0, 30)]),
    [
      ["error", `the index jobs_of_queue_${task} is miss`.slice(0, 30)],
      ["warning", "the index jobs_of_queue_999 is invalid".slice(0, 30)],
    ],
  );
  await cli.rows(`alter index graphile_worker.jobs_of_queue_999 rename to jobs_of_queue_${task}`);
});

test("jobs that an unknown worker holds are an error after a while; those of ours and of Laravel are not", async () => {
  await cli.enter({ queues: all });
  const [ours, laravels, strangers] = [await cli.dispatch(), await cli.dispatch(), await cli.dispatch()];
  await cli.take(ours.id);
  await cli.take(laravels.id, "laravel");
  await cli.rows("update graphile_worker._private_jobs set locked_at = now() - interval '1 hour'");
  assert.equal((await findings("held jobs"))[0]?.status, "ok");
  await cli.take(strangers.id, "stranger");
  const held = async (since: string) => {
    await cli.rows(
      "update graphile_worker._private_jobs set locked_at = now() - $1::interval where id = $2",
      since,
      strangers.id,
    );
    return (await findings("held jobs"))[0];
  };
  assert.equal((await held("1 minute"))?.status, "warning");
  const finding = await held("20 minutes");
  assert.equal(finding?.status, "error");
  assert.match(finding?.finding ?? "", /held by "stranger", which is no worker of ours: 1, for up to 20 min/);
  assert.match(finding?.cure ?? "", /force_unlock_workers\(array\['stranger'\]\)/);
  await cli.rows("update queue.processes set beat_at = now() - interval '1 hour'");
  assert.match(
    (await findings("held jobs"))[0]?.finding ?? "",
    /and no other is alive to give back what it holds: 1/,
  );
});

test("a job without attempts that did not fail is an error", async () => {
  const { id } = await cli.dispatch();
  await cli.rows("update graphile_worker._private_jobs set attempts = max_attempts where id = $1", id);
  const [finding] = await findings("spent jobs");
  assert.match(
    finding?.finding ?? "",
    new RegExp(`jobs of default have no attempts left .*: 1, such as ${id}`),
  );
  await cli.rows("select queue.run_now($1)", id);
  assert.equal((await findings("spent jobs"))[0]?.status, "ok");
});

test("a task that no live worker knows is an error, an alias is known", async () => {
  await cli.enter({ queues: all });
  await cli.rows("select graphile_worker.add_job('default', '{\"job\": \"try/second\"}')");
  assert.equal((await findings("tasks"))[0]?.status, "ok");
  await cli.rows("select graphile_worker.add_job('default', '{\"job\": \"no/such\"}')");
  const [finding] = await findings("tasks");
  assert.match(
    finding?.finding ?? "",
    /jobs of default wait for the task no\/such, which no live worker knows: 1/,
  );
});

test("a schedule that cannot go on is an error", async () => {
  await cli.rows("select queue.schedule('remind', 'try/one', '@daily')");
  await cli.rows("update queue.schedules set next_tick = now() - interval '1 hour'");
  assert.match((await findings("schedules"))[0]?.finding ?? "", /the schedule remind is due since 60 min/);
  await cli.rows("update queue.schedules set next_tick = null, error = 'no cron expression'");
  assert.equal((await findings("schedules"))[0]?.finding, "the schedule remind: no cron expression");
});

test("a snapshot that is held for long is told with the process that holds it", async (t) => {
  const holder = new pg.Client({ connectionString: cli.databaseUrl, application_name: "holder" });
  await holder.connect();
  t.after(() => holder.end());
  await holder.query("begin isolation level repeatable read");
  const { rows } = await holder.query("select pg_backend_pid() as pid");
  assert.equal((await findings("old snapshots"))[0]?.status, "ok");
  const held = `process ${rows[0].pid} of Postgres (holder, idle in transaction) holds a snapshot since`;
  const [old] = await cli.rows(
    `select * from queue.doctor_snapshots(interval '0') where finding like '${held}%'`,
  );
  assert.equal(old?.status, "warning");
  assert.match(old.cure, new RegExp(`pg_terminate_backend\\(${rows[0].pid}\\)`));
});

test("dead rows that are not cleared away are told", async () => {
  assert.equal((await findings("vacuum"))[0]?.status, "ok");
  await cli.rows("alter table graphile_worker._private_jobs set (autovacuum_enabled = off)");
  await cli.rows(
    "insert into graphile_worker._private_jobs (task_id) select task_id from queue.queues, generate_series(1, 30000) where name in ('mail', 'bulk', 'high', 'media')",
  );
  await cli.rows("delete from graphile_worker._private_jobs");
  await cli.rows("select pg_stat_force_next_flush()");
  const [finding] = await findings("vacuum");
  assert.equal(finding?.status, "warning");
  assert.match(finding?.finding ?? "", /the table of jobs holds \d{6} dead rows beside \d+, last vacuumed /);
});

test("doctor --json has every finding", async () => {
  await cli.dispatch();
  const { code, out } = await cli.howdah("doctor", "--json");
  assert.equal(code, 1);
  const found: Finding[] = JSON.parse(out);
  assert.deepEqual(
    found.find(({ check }) => check === "workers"),
    {
      ...{
        check: "workers",
        status: "error",
        finding: "no worker is alive (jobs that are due: 1)",
        cure: "howdah work",
      },
    },
  );
});

/** Of one check, as queue.doctor says them: the command only prints them. */
async function findings(check: string): Promise<Finding[]> {
  return cli.rows('select name as "check", status, finding, cure from queue.doctor() where name = $1', check);
}
