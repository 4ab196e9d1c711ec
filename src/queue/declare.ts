import type pg from "pg";
import { queues } from "#queue/queues.ts";
import { requiredKeys, type Task } from "#queue/task.ts";
import { productTasks, type Tasks } from "#queue/tasks.ts";

/** Tells the database which queues and tasks the code has. Any number of processes may call it at once. */
export async function declareQueue(pool: pg.Pool, tasks?: Tasks): Promise<void> {
  for (const [name, settings] of Object.entries(queues))
    await pool.query("select queue.declare_queue($1, $2)", [name, settings]);
  const declared = [...(tasks ?? (await productTasks()))].map(([name, task]) => declarationOf(name, task));
  await pool.query("select queue.declare_tasks($1)", [JSON.stringify(declared)]);
  await pool.query("select queue.roll_partitions()");
}

function declarationOf(name: string, { payload, options }: Task) {
  const { queue, aliases, tries, backoff, timeout, priority, limits, tags } = options;
  return {
    name,
    queue,
    aliases,
    required: requiredKeys(payload),
    options: {
      tries,
      max_exceptions: options.maxExceptions,
      backoff: backoff?.join(","),
      timeout,
      fail_on_timeout: options.failOnTimeout,
      priority,
      limits,
      unique_until: options.uniqueUntil,
      tags,
    },
  };
}

const indexLock = 4_701_648;

/**
 * Builds the queues' indexes without stopping writers, and drops those that no queue needs. It waits for transactions
 * that are open: let nothing wait for it. One process builds; the others go on without, and find the index when it is there.
 */
export async function buildIndexes(pool: pg.Pool): Promise<void> {
  while (await buildMissing(pool)); // what was asked for meanwhile has found the lock taken
}

/** Resolves to whether there was anything to do. */
async function buildMissing(pool: pg.Pool): Promise<boolean> {
  const client = await pool.connect();
  let broken = true; // which also gives the lock back
  try {
    const { rows } = await client.query<{ taken: boolean }>("select pg_try_advisory_lock($1) as taken", [
      indexLock,
    ]);
    const worked = rows[0]?.taken === true && (await mendIndexes(client));
    if (rows[0]?.taken) await client.query("select pg_advisory_unlock($1)", [indexLock]);
    broken = false;
    return worked;
  } finally {
    client.release(broken);
  }
}

/** What is missing comes first: to drop an index takes as long as to build one. */
async function mendIndexes(client: pg.ClientBase): Promise<boolean> {
  const drop = (name: string) =>
    client.query(`drop index concurrently if exists graphile_worker.${client.escapeIdentifier(name)}`);
  const { rows } = await client.query<{ name: string }>("select queue.stale_indexes() as name");
  const stale = new Set(rows.map(({ name }) => name));
  const { rows: missing } = await client.query<{ name: string; statement: string }>(
    "select name, statement from queue.missing_indexes()",
  );
  for (const { name, statement } of missing) {
    if (stale.delete(name)) await drop(name);
    await client.query(statement);
  }
  for (const name of stale) await drop(name);
  return rows.length + missing.length > 0;
}
