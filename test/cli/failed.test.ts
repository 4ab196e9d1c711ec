import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { type Cli, openCli } from "./cli.ts";

let cli: Cli;
before(async () => {
  cli = await openCli();
});
after(() => cli[Symbol.asyncDispose]());
afterEach(async () => {
  await cli.rows("delete from graphile_worker._private_jobs");
  await cli.rows("delete from laravel.failed_jobs");
  await cli.rows("delete from laravel.job_batches");
  await cli.rows("delete from queue.audit");
});

test("queue:failed lists the newest first, as Laravel does", async () => {
  assert.match((await cli.howdah("queue:failed")).out, /INFO {2}No failed jobs found\./);
  const [one, two] = [await failedJob({ queue: "mail" }), await failedJob()];
  const { code, out } = await cli.howdah("queue:failed");
  assert.equal(code, 0);
  const lines = out.split("\n").filter(Boolean);
  assert.match(lines[0] ?? "", new RegExp(`^  ${time} ${two} .*database@default try/one$`));
  assert.match(lines[1] ?? "", new RegExp(`^  ${time} ${one} .*database@mail try/one$`));
});

test("queue:failed --json has Laravel's keys, and the number beside them", async () => {
  const id = await failedJob({ queue: "mail" });
  await cli.rows(
    "insert into laravel.failed_jobs (uuid, connection, queue, payload, exception) values ('x', 'redis', 'old', 'no json', '')",
  );
  const { code, out } = await cli.howdah("queue:failed", "--json");
  assert.equal(code, 0);
  const [foreign, ours] = JSON.parse(out);
  assert.match(ours.failed_at, new RegExp(`^${time}$`));
  assert.equal(typeof ours.number, "number");
  const { failed_at: _at, number: _number, ...rest } = ours;
  assert.deepEqual(rest, { id, connection: "database", queue: "mail", class: "try/one" });
  assert.deepEqual({ id: foreign.id, class: foreign.class }, { id: "x", class: "" });
});

test("queue:retry pushes the jobs back that it is told, and ends with 1 if one is unknown", async () => {
  const [one, two, three] = [await failedJob(), await failedJob(), await failedJob()];
  const whole = await cli.howdah("queue:retry", one);
  assert.equal(whole.code, 0);
  assert.match(whole.out, /INFO {2}Pushing failed queue jobs back onto the queue\./);
  assert.match(whole.out, new RegExp(`^  ${one} \\.+ \\d+\\.\\d\\dms DONE$`, "m"));
  const part = await cli.howdah("queue:retry", two, "nobody", crypto.randomUUID());
  assert.equal(part.code, 1);
  assert.match(part.out, new RegExp(`${two} .*DONE`));
  assert.match(part.err, /Unable to find failed job with ID \[nobody\]\./);
  assert.equal(part.err.match(/Unable/g)?.length, 2);
  assert.deepEqual(await failedIds(), [three]);
  assert.deepEqual(await waitingIds(), [one, two]);
  assert.match((await cli.noted())[0]?.actor ?? "", /^cli:./);
});

test("queue:retry takes numbers and ranges of them, which may have gaps", async () => {
  const jobs = [await failedJob(), await failedJob(), await failedJob()];
  const numbers: string[] = (await cli.rows("select id from laravel.failed_jobs order by id")).map(
    ({ id }) => id,
  );
  assert.equal((await cli.howdah("queue:retry", numbers[0] ?? "")).code, 0);
  const range = await cli.howdah("queue:retry", `--range=1-${numbers[1]}`, "--range=999999-1000000");
  assert.equal(range.code, 0);
  assert.deepEqual(await waitingIds(), jobs.slice(0, 2));
  const none = await cli.howdah("queue:retry", "--range=999999-1000000");
  assert.equal(none.code, 0);
  assert.match(none.out, /INFO {2}No retryable jobs found\./);
  assert.equal((await cli.howdah("queue:retry", "--range=a-b")).code, 2);
  assert.equal((await cli.howdah("queue:retry")).code, 2);
});

test("queue:retry all and --queue push back what is there; a queue that is none ends with 1", async () => {
  const [one, two, three] = [await failedJob({ queue: "mail" }), await failedJob(), await failedJob()];
  const queue = await cli.howdah("queue:retry", "--queue=mail");
  assert.equal(queue.code, 0);
  assert.match(queue.out, /^ {2}1 failed job of mail \.+ .*DONE$/m);
  assert.deepEqual(await waitingIds(), [one]);
  const all = await cli.howdah("queue:retry", "all");
  assert.match(all.out, /^ {2}2 failed jobs \.+ .*DONE$/m);
  assert.deepEqual(await waitingIds(), [one, two, three]);
  const empty = await cli.howdah("queue:retry", "all");
  assert.equal(empty.code, 0);
  assert.match(empty.out, /No retryable jobs found\./);
  assert.equal((await cli.howdah("queue:retry", "--queue=mail")).code, 0);
  const unknown = await cli.howdah("queue:retry", "--queue=nowhere");
  assert.equal(unknown.code, 1);
  assert.match(unknown.err, /Unable to find failed jobs for queue \[nowhere\]\./);
});

test("what can never run is told, and stays", async () => {
  const id = crypto.randomUUID();
  await cli.rows(
    "insert into laravel.failed_jobs (uuid, connection, queue, payload, exception) values ($1, 'database', 'default', 'no json', '')",
    id,
  );
  const one = await cli.howdah("queue:retry", id);
  assert.equal(one.code, 1);
  assert.match(one.out, new RegExp(`${id} .*FAIL`));
  assert.match(one.err, /no JSON and can never run/);
  const all = await cli.howdah("queue:retry", "all");
  assert.equal(all.code, 1);
  assert.match(all.err, /can never run/);
  assert.deepEqual(await failedIds(), [id]);
});

test("queue:forget deletes one, and ends with 1 when there is none", async () => {
  const id = await failedJob();
  const done = await cli.howdah("queue:forget", id);
  assert.equal(done.code, 0);
  assert.match(done.out, /INFO {2}Failed job deleted successfully\./);
  const again = await cli.howdah("queue:forget", id);
  assert.equal(again.code, 1);
  assert.match(again.err, /ERROR {2}No failed job matches the given ID\./);
  assert.deepEqual(await failedIds(), []);
});

test("queue:flush and queue:prune-failed delete by age", async () => {
  const [old, older, young] = [await failedJob(), await failedJob(), await failedJob()];
  await age(old, 3);
  await age(older, 30);
  const prune = await cli.howdah("queue:prune-failed");
  assert.match(prune.out, /INFO {2}1 entries deleted\./);
  assert.deepEqual(await failedIds(), [old, young]);
  const hours = await cli.howdah("queue:flush", "--hours=2");
  assert.match(hours.out, /All jobs that failed more than 2 hours ago have been deleted successfully\./);
  assert.deepEqual(await failedIds(), [young]);
  assert.match((await cli.howdah("queue:prune-failed", "--hours=0")).out, /1 entries deleted\./);
  await failedJob();
  assert.match((await cli.howdah("queue:flush")).out, /INFO {2}All failed jobs deleted successfully\./);
  assert.deepEqual(await failedIds(), []);
  assert.equal((await cli.howdah("queue:flush", "--hours=soon")).code, 2);
  assert.equal((await cli.howdah("queue:prune-failed", "--hours=-1")).code, 2);
});

test("queue:retry-batch pushes the failed jobs of batches back", async () => {
  const batch = await cli.value(
    'select queue.dispatch_batch(\'[{"task": "try/one"}, {"task": "try/one"}]\', allow_failures => true)',
  );
  for (const { id } of await cli.rows("select id from queue.jobs")) await cli.fail(id);
  const done = await cli.howdah("queue:retry-batch", batch);
  assert.equal(done.code, 0);
  assert.match(done.out, /INFO {2}Pushing failed batch jobs back onto the queue\./);
  assert.match(
    done.out,
    new RegExp(`Pushing failed queue jobs of the batch \\[${batch}\\] back onto the queue\\.`),
  );
  assert.match(done.out, /^ {2}2 failed jobs \.+ .*DONE$/m);
  assert.equal((await waitingIds()).length, 2);
  const again = await cli.howdah("queue:retry-batch", batch);
  assert.equal(again.code, 1);
  assert.match(again.err, /The given batch does not contain any failed jobs\./);
  const unknown = await cli.howdah("queue:retry-batch", "nobody");
  assert.equal(unknown.code, 1);
  assert.match(unknown.err, /Unable to find a batch with ID \[nobody\]\./);
  assert.equal((await cli.howdah("queue:retry-batch")).code, 2);
});

test("queue:prune-batches takes finished ones, and others only when told", async () => {
  await batchRow("finished", { finished_at: 30 });
  await batchRow("unfinished", {});
  await batchRow("cancelled", { cancelled_at: 30, finished_at: 1 });
  const left = async () =>
    (await cli.rows("select id from laravel.job_batches order by id")).map(({ id }) => id);
  const { out, code } = await cli.howdah("queue:prune-batches");
  assert.equal(code, 0);
  assert.match(out, /INFO {2}1 entries deleted\./);
  assert.deepEqual(await left(), ["cancelled", "unfinished"]);
  const rest = await cli.howdah("queue:prune-batches", "--unfinished=24", "--cancelled=24");
  assert.match(
    rest.out,
    /0 entries deleted[\s\S]*1 unfinished entries deleted[\s\S]*1 cancelled entries deleted/,
  );
  assert.deepEqual(await left(), []);
});

const time = "\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d";

async function failedJob(options: object = {}): Promise<string> {
  const { uuid, id } = await cli.dispatch(options);
  await cli.fail(id);
  return uuid;
}

async function age(uuid: string, hours: number): Promise<void> {
  await cli.rows(
    "update laravel.failed_jobs set failed_at = failed_at - make_interval(hours => $2) where uuid = $1",
    ...[uuid, hours],
  );
}

async function batchRow(
  id: string,
  hoursAgo: { finished_at?: number; cancelled_at?: number },
): Promise<void> {
  const at = (hours: number | undefined) =>
    hours === undefined ? null : Math.floor(Date.now() / 1000) - hours * 3600;
  await cli.rows(
    `insert into laravel.job_batches (id, name, total_jobs, pending_jobs, failed_jobs, failed_job_ids, created_at, finished_at, cancelled_at)
     values ($1, '', 1, 1, 0, '[]', $2, $3, $4)`,
    ...[id, at(30), at(hoursAgo.finished_at), at(hoursAgo.cancelled_at)],
  );
}

async function failedIds(): Promise<string[]> {
  return (await cli.rows("select uuid from laravel.failed_jobs order by id")).map(({ uuid }) => uuid);
}

async function waitingIds(): Promise<string[]> {
  return (await cli.rows("select payload::json ->> 'uuid' as uuid from queue.jobs order by id")).map(
    ({ uuid }) => uuid,
  );
}
