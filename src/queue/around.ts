import { inspect } from "node:util";
import type { JobHelpers, Task } from "graphile-worker";
import type pg from "pg";
import { readEnvelope } from "#queue/envelope.ts";
import { Fail } from "#queue/errors.ts";
import type { Tasks } from "#queue/tasks.ts";
import { emit } from "#telemetry.ts";

/** The graphile-worker task of a queue: opens the envelope and runs the task that it names. */
export function dispatcherOf(queue: string, tasks: Tasks): Task {
  return (payload, helpers) => around(queue, helpers, () => open(payload, helpers, tasks));
}

/** The graphile-worker task of a job that was added by the task's own name, without an envelope. */
export function bareTask(queue: string, task: Task): Task {
  return (payload, helpers) => around(queue, helpers, () => openBare(payload, helpers, task));
}

type Opened = { name: string; run: () => Promise<unknown> };

function open(payload: unknown, helpers: JobHelpers, tasks: Tasks): Opened {
  const envelope = readEnvelope(payload);
  const name = envelope?.task ?? "unknown";
  const task = tasks.get(name);
  const run = async () => {
    if (!envelope) throw new Fail("The payload is no envelope: dispatch with queue.dispatch(task, payload).");
    if (!task) throw new Fail(`There is no task ${name}: it would be the file tasks/${name}.ts.`);
    await task(envelope.data as never, helpers);
  };
  return { name, run };
}

/** One that failed and was retried comes back in an envelope, which keeps what belongs to it. */
function openBare(payload: unknown, helpers: JobHelpers, task: Task): Opened {
  const name = helpers.job.task_identifier;
  const envelope = readEnvelope(payload);
  const data = envelope?.task === name ? envelope.data : payload;
  return { name, run: async () => task(data as never, helpers) };
}

/**
 * Runs one job to its recorded end. We complete and fail the job ourselves, fenced by worker and attempt, because
 * graphile-worker deletes by id without asking who holds the job and does not wait for it; its own delete and its own
 * failure record then find nothing.
 */
async function around(queue: string, helpers: JobHelpers, open: () => Opened): Promise<void> {
  const { name: task, run } = open();
  const { job } = helpers;
  const since = performance.now();
  const about = { task, queue, attempt: job.attempts };
  try {
    await run();
  } catch (error) {
    const final = error instanceof Fail;
    const exception = textOf(error);
    const outcome = await helpers.withPgClient((client) => fail(client, job, exception, final));
    if (outcome === "fenced") emit("job:fenced", about);
    else emit("job:failed", { ...about, final: outcome === "failed", error });
    throw new Error(exception);
  }
  const completed = await helpers.withPgClient((client) => complete(client, job));
  if (completed) emit("job:completed", { ...about, ms: performance.now() - since });
  else emit("job:fenced", about);
}

type HeldJob = JobHelpers["job"];

async function complete(client: pg.ClientBase, job: HeldJob): Promise<boolean> {
  const { rows } = await client.query("select queue.complete($1, $2, $3) as done", [
    job.id,
    job.locked_by,
    job.attempts,
  ]);
  return rows[0].done;
}

async function fail(client: pg.ClientBase, job: HeldJob, exception: string, final: boolean): Promise<string> {
  const { rows } = await client.query("select queue.fail($1, $2, $3, $4, $5) as outcome", [
    job.id,
    job.locked_by,
    job.attempts,
    exception,
    final,
  ]);
  return rows[0].outcome;
}

/**
 * Never throws, whatever was thrown: a cause may lead back to itself, and an object may refuse to be text. Postgres has
 * no NUL in text, and graphile-worker ends the process when an error message holds one.
 */
function textOf(error: unknown): string {
  return inspect(error, { depth: 4, customInspect: false }).replaceAll("\0", "").slice(0, longestText);
}

const longestText = 20_000;
