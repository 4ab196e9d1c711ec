import assert from "node:assert/strict";
import { test } from "node:test";
import { runOnce } from "graphile-worker";
import pg from "pg";
import { migrate } from "#db/migrate.ts";
import { openPool } from "#db/pool.ts";
import { buildIndexes, declareQueue } from "#queue/declare.ts";
import { openFolder } from "../support/process.ts";
import { startServer, withoutDebianPostgres } from "../support/server.ts";
import { openWorld } from "../support/world.ts";

test("a fetch behind 20,000 jobs of other queues reads a handful of pages, by the queue's own index", async () => {
  await using world = await openWorld();
  await proveFetch(world.databaseUrl);
});

test("so it does on Debian's PostgreSQL", { skip: withoutDebianPostgres }, async () => {
  await using folder = await openFolder();
  await using server = await startServer(folder.path);
  const pool = openPool(server.url, "test", { max: 2 });
  await migrate(pool);
  await declareQueue(pool);
  await buildIndexes(pool);
  await pool.end();
  await proveFetch(server.url);
});

async function proveFetch(url: string): Promise<void> {
  // As src/queue/worker.ts has it.
  const settings = { plan_cache_mode: "force_custom_plan", random_page_cost: "1.1" };
  const pool = openPool(url, "test", { max: 2, settings });
  try {
    await fill(pool);
    for (const analyzed of [false, true]) {
      if (analyzed) await pool.query("vacuum analyze graphile_worker._private_jobs");
      await proveOne(pool, url, ["quiet"], "jobs_of_queue_");
      await proveOne(pool, url, ["plan/one", "plan/two", "plan/three"], "jobs_of_no_queue_");
    }
  } finally {
    await pool.end();
  }
}

/** 20,000 foreign jobs that sort first, then a few of a queue and a few that were added by a task's own name. */
async function fill(pool: pg.Pool): Promise<void> {
  await pool.query("select queue.create_queue('quiet')");
  await buildIndexes(pool);
  await pool.query(`select queue.declare_tasks('[{"name": "plan/one"}]')`);
  await pool.query(`select count(queue.dispatch_many((
    select jsonb_agg('{"task": "plan/one", "queue": "default", "priority": -10}'::jsonb) from generate_series(1, 10000)
  ))) from generate_series(1, 2)`);
  await pool.query(`select queue.dispatch('plan/one', queue => 'quiet') from generate_series(1, 20)`);
  await pool.query(`select graphile_worker.add_job('plan/' || t) from unnest('{one,two,three}'::text[]) t`);
}

async function proveOne(pool: pg.Pool, url: string, tasks: string[], index: string): Promise<void> {
  const { text, values } = await fetchOf(url, tasks);
  const client = await pool.connect();
  const run = async () => {
    const given = values.map((value) => client.escapeLiteral(toText(value))).join(", ");
    const { rows } = await client.query(`explain (analyze, buffers, format json) execute get_job (${given})`);
    const [{ Plan: plan }] = rows[0]["QUERY PLAN"];
    return { touched: plan["Shared Hit Blocks"] + plan["Shared Read Blocks"], plan: JSON.stringify(plan) };
  };
  try {
    await client.query("begin");
    await client.query(`prepare get_job (text, int[]) as ${text}`);
    // A plan turns generic after five runs, where it may.
    for (let times = 0; times < 7; times++) {
      const { touched, plan } = await run();
      assert.match(plan, new RegExp(`"Index Name":"${index}`), plan);
      assert.ok(touched < 100, `${touched} buffers: ${plan}`);
    }
    await dropOurIndexes(client);
    const { touched } = await run();
    assert.ok(touched > 100, `without the index only ${touched} buffers: this proves nothing`);
    await client.query("deallocate get_job");
    await client.query("rollback");
  } finally {
    client.release();
  }
}

async function dropOurIndexes(client: pg.ClientBase): Promise<void> {
  const { rows } = await client.query<{ name: string }>(
    "select indexname as name from pg_indexes where schemaname = 'graphile_worker' and indexname ~ '^jobs_of_'",
  );
  for (const { name } of rows) await client.query(`drop index graphile_worker.${name}`);
}

/** What graphile-worker really sends for these tasks. */
async function fetchOf(url: string, tasks: string[]): Promise<{ text: string; values: unknown[] }> {
  const heard: { text: string; values: unknown[] }[] = [];
  class Ears extends pg.Client {
    // biome-ignore lint/suspicious/noExplicitAny: every signature of query is passed on
    override query(...given: any[]): any {
      const [query] = given;
      if (query?.name?.startsWith("get_job")) {
        heard.push(query);
        return Promise.resolve({ rows: [] });
      }
      return super.query(...(given as [string]));
    }
  }
  const pgPool = new pg.Pool({ connectionString: url, Client: Ears as never, max: 2 });
  pgPool.on("error", () => {});
  pgPool.on("connect", (client) => client.on("error", () => {}));
  const taskList = Object.fromEntries(tasks.map((name) => [name, () => {}]));
  await runOnce({ pgPool, taskList, noHandleSignals: true, concurrency: 1 });
  await pgPool.end();
  assert.ok(heard[0]);
  return heard[0];
}

const toText = (value: unknown) => (Array.isArray(value) ? `{${value.join(",")}}` : String(value));
