import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { type Cli, openCli } from "./cli.ts";

let cli: Cli;
before(async () => {
  cli = await openCli();
  await cli.rows("select queue.declare_tasks($1)", JSON.stringify([{ name: "queue/prune" }]));
});
after(() => cli[Symbol.asyncDispose]());
afterEach(async () => {
  await cli.rows("delete from graphile_worker._private_jobs");
});

test("queue:dispatch puts a task on its queue, and says its uuid", async () => {
  const { code, out } = await cli.howdah("queue:dispatch", "try/one", '{"n": 1}');
  assert.equal(code, 0);
  const [job] = await waiting();
  assert.match(out, new RegExp(`INFO {2}Dispatched \\[try/one\\] as ${job.payload.uuid}\\.`));
  assert.deepEqual(
    { queue: job.queue, job: job.payload.job, data: job.payload.data },
    { queue: "default", job: "try/one", data: { n: 1 } },
  );
  const json = JSON.parse((await cli.howdah("queue:dispatch", "try/one", "--json")).out);
  assert.equal(json.uuid, (await waiting())[1].payload.uuid);
});

test("queue:dispatch takes every option of a dispatch", async () => {
  const options = [
    "--queue=mail",
    "--delay=3600",
    "--priority=-5",
    "--max-exceptions=2",
    "--backoff=1,2",
    "--timeout=9",
  ];
  const more = [
    "--fail-on-timeout",
    "--retry-until=2030-01-01T00:00:00Z",
    "--limit=tenant:7",
    "--tag=a",
    "--tag=b",
  ];
  assert.equal((await cli.howdah("queue:dispatch", "try/one", "{}", ...options, ...more)).code, 0);
  const [job] = await waiting();
  const {
    uuid: _uuid,
    createdAt: _at,
    maxTries: _tries,
    displayName: _name,
    data: _data,
    job: _job,
    ...envelope
  } = job.payload;
  assert.deepEqual(envelope, {
    ...{ priority: -5, maxExceptions: 2, backoff: "1,2", timeout: 9, failOnTimeout: true },
    ...{ retryUntil: Date.UTC(2030, 0) / 1000, limits: ["tenant:7"], tags: ["a", "b"] },
  });
  assert.equal(job.queue, "mail");
  assert.ok(job.available_at * 1000 > Date.now() + 3_000_000);
  await cli.howdah("queue:dispatch", "try/one", "--at=2030-01-01T00:00:00Z", "--tries=7");
  const [, at] = await waiting();
  assert.deepEqual([at.available_at, at.payload.maxTries], [Date.UTC(2030, 0) / 1000, 7]);
});

test("queue:dispatch of a key that is there dispatches nothing, which is no failure", async () => {
  for (const options of [
    ["--unique=a"],
    ["--unique=b", "--unique-for=60"],
    ["--unique=c", "--unique-until=started"],
  ]) {
    assert.match((await cli.howdah("queue:dispatch", "try/one", ...options)).out, /Dispatched/);
    const again = await cli.howdah("queue:dispatch", "try/one", ...options);
    assert.equal(again.code, 0);
    assert.match(again.out, /is there already: nothing was dispatched/);
  }
  await cli.howdah("queue:dispatch", "try/one", '{"n": 1}', "--unique=d", "--debounce=60");
  await cli.howdah("queue:dispatch", "try/one", '{"n": 2}', "--unique=d", "--debounce=60");
  assert.deepEqual(
    (await waiting()).map(({ payload }) => payload.data.n),
    [undefined, undefined, undefined, 2],
  );
});

const refusals: [string[], RegExp][] = [
  [["no/such"], /There is no task "no\/such"/],
  [["try/one", "{"], /The payload is no JSON/],
  [["try/one", "--queue=nowhere"], /There is no queue "nowhere"/],
  [["try/one", "--backoff=soon"], /--backoff must be a number/],
  [["try/one", "--debounce=5"], /need the key of --unique/],
  [["try/one", "--at=soon"], /--at must be a time/],
  [["mail/flush", "5"], /The payload of mail\/flush is not valid/],
];

for (const [args, says] of refusals)
  test(`queue:dispatch ${args.join(" ")} is refused with 2`, async () => {
    const { code, err } = await cli.howdah("queue:dispatch", ...args);
    assert.equal(code, 2);
    assert.match(err, says);
    assert.deepEqual(await waiting(), []);
  });

test("queue:explain says why, by id or uuid; of an unknown job it ends with 1", async () => {
  const { id, uuid } = await cli.dispatch();
  for (const name of [id, uuid]) {
    const { code, out } = await cli.howdah("queue:explain", name);
    assert.equal(code, 0);
    assert.match(out, /INFO {2}No worker is alive, so start one: howdah work\./);
  }
  const json = await cli.howdah("queue:explain", id, "--json");
  assert.deepEqual(JSON.parse(json.out), {
    id,
    known: true,
    explanation: "No worker is alive, so start one: howdah work.",
  });
  for (const name of ["999999", crypto.randomUUID()]) {
    const unknown = await cli.howdah("queue:explain", name);
    assert.equal(unknown.code, 1);
    assert.match(unknown.err, /ERROR {2}(There is no|No) job/);
    const { known } = JSON.parse((await cli.howdah("queue:explain", name, "--json")).out);
    assert.equal(known, false);
  }
  assert.equal((await cli.howdah("queue:explain", "mail")).code, 2);
});

test("queue:cancel deletes a job that waits, asks one that runs, and ends with 1 for none", async () => {
  const [waits, runs] = [await cli.dispatch(), await cli.dispatch()];
  await cli.take(runs.id);
  const gone = await cli.howdah("queue:cancel", waits.uuid, "--reason=a mistake");
  assert.equal(gone.code, 0);
  assert.match(gone.out, /has been cancelled\./);
  assert.match(
    await cli.value("select error from queue.attempts where uuid = $1", waits.uuid),
    /Cancelled by cli:.*: a mistake/,
  );
  const asked = await cli.howdah("queue:cancel", runs.id);
  assert.equal(asked.code, 0);
  assert.match(asked.out, /its worker was told to stop it\./);
  const unknown = await cli.howdah("queue:cancel", waits.id);
  assert.equal(unknown.code, 1);
  assert.match(unknown.err, /No job with ID \[\d+\] waits or runs\./);
});

// biome-ignore lint/suspicious/noExplicitAny: envelopes of many shapes
async function waiting(): Promise<any[]> {
  return cli.rows("select queue, payload::json, available_at from queue.jobs order by id");
}
