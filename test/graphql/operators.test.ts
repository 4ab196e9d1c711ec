import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, beforeEach, test } from "node:test";
import { openSchool, type School } from "./school.ts";

let school: School;
before(async () => {
  school = await openSchool();
  await school.world.pool.query("update app.people set community_role = 'owner' where id = $1", [
    school.people.owner,
  ]);
  await school.world.pool.query(`select queue.schedule('nightly', 'queue/prune', '0 3 * * *')`);
});
after(() => school[Symbol.asyncDispose]());
beforeEach(() => school.world.pool.query("truncate queue.audit, laravel.failed_jobs, queue.pauses"));

const overview = `{
  queues { nodes { name paused waiting delayed running failed workers pauseReason } }
  failedJobs { nodes { id queue } totalCount }
  jobBatches { nodes { id } }
  schedules { nodes { name cron enabled } }
}`;

async function fail(queue = "default", task = "mail/flush"): Promise<string> {
  const payload = { uuid: randomUUID(), displayName: task, job: task, data: {} };
  const { rows } = await school.world.pool.query<{ id: string }>(
    `insert into laravel.failed_jobs (uuid, connection, queue, payload, exception)
     values ($1, 'howdah', $2, $3, 'It broke.') returning id`,
    [payload.uuid, queue, JSON.stringify(payload)],
  );
  return rows[0]?.id ?? "";
}

async function batch(): Promise<string> {
  const { rows } = await school.world.pool.query<{ id: string }>(
    `insert into laravel.job_batches (id, name, total_jobs, pending_jobs, failed_jobs, failed_job_ids, created_at)
     values ($1, 'letters', 4, 1, 0, '[]', extract(epoch from now())::int) returning id`,
    [randomUUID()],
  );
  return rows[0]?.id ?? "";
}

async function traces(): Promise<unknown> {
  const { rows } = await school.world.pool.query(
    `select (select count(*)::int from queue.audit) as acts, (select count(*)::int from queue.jobs) as jobs,
       (select count(*)::int from laravel.failed_jobs) as failed, (select count(*)::int from queue.pauses) as pauses,
       (select count(*)::int from laravel.job_batches where cancelled_at is null) as batches,
       (select count(*)::int from queue.schedules where enabled) as schedules`,
  );
  return rows[0];
}

test("the owner of the community sees the queues, failed jobs, batches and schedules", async () => {
  const [failed, running] = [await fail(), await batch()];
  const { data, errors } = await school.as(school.people.owner)(overview);
  assert.deepEqual(errors, []);
  const queue = data.queues.nodes.find(({ name }: { name: string }) => name === "default");
  assert.deepEqual([queue.paused, queue.failed, queue.waiting], [false, 1, 0]);
  assert.deepEqual(data.failedJobs, { nodes: [{ id: failed, queue: "default" }], totalCount: 1 });
  assert.ok(data.jobBatches.nodes.some(({ id }: { id: string }) => id === running));
  assert.ok(data.schedules.nodes.length > 0);
});

test("nobody else sees any of it, be it empty or not", async () => {
  for (const [person, code] of [
    [school.people.sam, "HW403"],
    [school.people.tutor, "HW403"],
    [undefined, "HW401"],
  ] as const) {
    const { data, errors } = await school.as(person)(overview);
    assert.deepEqual(
      errors.map(({ extensions }) => extensions.code),
      [code, code, code, code],
    );
    assert.ok(Object.values(data).every((list) => list === null));
  }
});

test("failed jobs page by cursor and filter by queue and task", async () => {
  for (const task of ["a/one", "a/two", "b/one", "b/two", "b/three"]) await fail("default", task);
  const ask = school.as(school.people.owner);
  const page = `query ($c: Cursor) { failedJobs(first: 2, after: $c, orderBy: ID_DESC) {
    nodes { task } pageInfo { endCursor hasNextPage } } }`;
  const tasks: string[] = [];
  for (let cursor: string | undefined, more = true; more; ) {
    const { nodes, pageInfo } = (await ask(page, { c: cursor })).data.failedJobs;
    tasks.push(...nodes.map(({ task }: { task: string }) => task));
    [cursor, more] = [pageInfo.endCursor, pageInfo.hasNextPage];
  }
  assert.deepEqual(tasks, ["b/three", "b/two", "b/one", "a/two", "a/one"]);
  const some = await ask(`{ failedJobs(filter: { task: { startsWith: "a/" } }) { totalCount } }`);
  assert.equal(some.data.failedJobs.totalCount, 2);
});

test("a failed job is retried or forgotten once, under the person's name", async () => {
  const ask = school.as(school.people.owner);
  const act = (name: string, id: string) =>
    ask(`mutation ($id: BigInt!) { ${name}(input: { id: $id }) { result } }`, { id });
  const [one, two] = [await fail(), await fail()];
  assert.equal((await act("retryFailedJob", one)).data.retryFailedJob.result, true);
  assert.equal((await act("forgetFailedJob", two)).data.forgetFailedJob.result, true);
  for (const name of ["retryFailedJob", "forgetFailedJob"])
    assert.deepEqual((await act(name, one)).errors[0]?.extensions, { code: "HW404", field: "id" });
  const { rows } = await school.world.pool.query("select distinct actor from queue.audit");
  assert.deepEqual(rows, [{ actor: `person ${school.people.owner}` }]);
});

test("failed jobs are retried or forgotten by the queue, or all at once", async () => {
  const ask = school.as(school.people.owner);
  for (const queue of ["default", "default", "mail"]) await fail(queue);
  const retried = await ask(`mutation { retryFailedJobs(input: { queue: "mail" }) { result } }`);
  assert.equal(retried.data.retryFailedJobs.result, 1);
  const none = await ask(`mutation { forgetFailedJobs(input: { olderThanHours: 5 }) { result } }`);
  assert.equal(none.data.forgetFailedJobs.result, 0);
  const all = await ask("mutation { forgetFailedJobs(input: {}) { result } }");
  assert.equal(all.data.forgetFailedJobs.result, 2);
});

test("a queue is paused with a reason and resumed", async () => {
  const ask = school.as(school.people.owner);
  const paused = await ask(`mutation { pauseQueue(input: { queue: "mail", reason: "Storm" }) {
    result { name paused pauseReason pausedBy } } }`);
  assert.deepEqual(paused.data?.pauseQueue.result, {
    ...{ name: "mail", paused: true, pauseReason: "Storm" },
    pausedBy: `person ${school.people.owner}`,
  });
  const resumed = await ask(`mutation { resumeQueue(input: { queue: "mail" }) { result { paused } } }`);
  assert.equal(resumed.data.resumeQueue.result.paused, false);
});

test("a batch is cancelled once", async () => {
  const ask = school.as(school.people.owner);
  const id = await batch();
  const cancel = () =>
    ask("mutation ($id: String!) { cancelBatch(input: { id: $id }) { result { percent cancelledAt } } }", {
      id,
    });
  const { result } = (await cancel()).data.cancelBatch;
  assert.equal(result.percent, 75);
  assert.ok(result.cancelledAt);
  assert.deepEqual((await cancel()).errors[0]?.extensions, { code: "HW409", field: "id" });
});

test("a schedule is run now, switched off and on", async () => {
  const ask = school.as(school.people.owner);
  const [{ name }] = (await ask("{ schedules(first: 1) { nodes { name } } }")).data.schedules.nodes;
  const act = async (mutation: string) =>
    (
      await ask(`mutation ($name: String!) { ${mutation}(input: { name: $name }) { result { enabled } } }`, {
        name,
      })
    ).data[mutation].result.enabled;
  assert.equal(await act("disableSchedule"), false);
  assert.equal(await act("enableSchedule"), true);
  const count = async () =>
    (await school.world.pool.query("select count(*)::int from queue.jobs")).rows[0].count;
  const before = await count();
  assert.equal(await act("runSchedule"), true);
  assert.equal(await count(), before + 1);
});

const mutations: Record<string, { good: () => Promise<object>; bad: [object, string, string][] }> = {
  pauseQueue: {
    good: async () => ({ queue: "mail" }),
    bad: [
      [{ queue: "nowhere" }, "HW404", "queue"],
      [{ queue: "" }, "HW404", "queue"],
      [{ queue: "mail", reason: "x".repeat(201) }, "HW422", "reason"],
      [{ queue: "mail", until: "2001-01-01T00:00:00Z" }, "HW422", "until"],
      [{ queue: "mail", until: "tomorrow" }, "HW422", "until"],
      [{ reason: "none" }, "HW422", "queue"],
    ],
  },
  resumeQueue: { good: async () => ({ queue: "mail" }), bad: [[{ queue: "nowhere" }, "HW404", "queue"]] },
  clearQueue: { good: async () => ({ queue: "mail" }), bad: [[{ queue: null }, "HW422", "queue"]] },
  retryFailedJob: {
    good: async () => ({ id: await fail() }),
    bad: [
      [{ id: "999999999" }, "HW404", "id"],
      [{ id: "9".repeat(30) }, "HW422", "id"],
      [{ id: "one" }, "HW422", "id"],
    ],
  },
  retryFailedJobs: { good: async () => ({}), bad: [[{ queue: "nowhere" }, "HW404", "queue"]] },
  forgetFailedJob: { good: async () => ({ id: await fail() }), bad: [[{ id: "-1" }, "HW404", "id"]] },
  forgetFailedJobs: {
    good: async () => ({}),
    bad: [
      [{ olderThanHours: -1 }, "HW422", "olderThanHours"],
      [{ olderThanHours: 2 ** 40 }, "HW422", "olderThanHours"],
    ],
  },
  cancelBatch: { good: async () => ({ id: await batch() }), bad: [[{ id: "none" }, "HW404", "id"]] },
  retryBatch: { good: async () => ({ id: await batch() }), bad: [[{ id: "nul \0" }, "HW422", "id"]] },
  runSchedule: { good: async () => ({ name: "nightly" }), bad: [[{ name: "none" }, "HW404", "name"]] },
  enableSchedule: { good: async () => ({ name: "nightly" }), bad: [[{ name: "none" }, "HW404", "name"]] },
  disableSchedule: {
    good: async () => ({ name: "nightly" }),
    bad: [[{ name: "none" }, "HW404", "name"]],
  },
};

for (const [name, { good, bad }] of Object.entries(mutations)) {
  const type = `${name[0]?.toUpperCase()}${name.slice(1)}Input`;
  const query = `mutation ($input: ${type}!) { ${name}(input: $input) { clientMutationId } }`;

  test(`${name} is refused to others and with bad input, and changes nothing; the owner of the community may`, async () => {
    const input = await good();
    const before = await traces();
    for (const [person, code] of [
      [school.people.tutor, "HW403"],
      [school.people.stranger, "HW403"],
      [undefined, "HW401"],
    ] as const)
      assert.equal((await school.as(person)(query, { input })).errors[0]?.extensions.code, code);
    const ask = school.as(school.people.owner);
    for (const [wrong, code, field] of bad) {
      const { errors, text } = await ask(query, { input: wrong });
      assert.deepEqual([errors[0]?.extensions.code, errors[0]?.extensions.field], [code, field], text);
    }
    assert.deepEqual(await traces(), before);
    assert.deepEqual((await ask(query, { input })).errors, []);
  });
}
