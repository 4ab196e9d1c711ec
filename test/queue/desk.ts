import assert from "node:assert/strict";
import pg from "pg";
import { until } from "../support/wait.ts";
import { openWorld, type World } from "../support/world.ts";

export type Desk = World & {
  /** The rows of a statement. */
  // biome-ignore lint/suspicious/noExplicitAny: the rows are what the tests look into
  rows(text: string, ...values: unknown[]): Promise<any[]>;
  /** The one value of a statement. */
  // biome-ignore lint/suspicious/noExplicitAny: as above
  value(text: string, ...values: unknown[]): Promise<any>;
  /** Dispatches try/one and returns its uuid and job id. */
  dispatch(options?: object): Promise<{ uuid: string; id: string }>;
  /** A live process with a worker for each queue, without any code behind it. */
  enter(process?: Partial<FakeProcess>): Promise<FakeProcess>;
  /** A worker takes the job, as graphile-worker's fetch does. */
  take(id: string, worker?: string): Promise<void>;
  /** The job fails for good, whatever attempts it has left. */
  fail(id: string, exception?: string): Promise<void>;
  /** What was noted, newest first. */
  noted(): Promise<{ actor: string; act: string; target: string; affected: string }[]>;
};

export type FakeProcess = { hostname: string; pid: number; slots: number; queues: string[]; tasks: string[] };

/** A database with the queues default and mail and the tasks try/one and try/two, alias try/second. */
export async function openDesk(): Promise<Desk> {
  const world = await openWorld();
  const rows: Desk["rows"] = async (text, ...values) => (await world.pool.query(text, values)).rows;
  const value: Desk["value"] = async (text, ...values) =>
    Object.values((await rows(text, ...values))[0] ?? {})[0];
  await rows("select queue.create_queue('default'), queue.create_queue('mail')");
  await rows("select queue.declare_tasks($1)", JSON.stringify([{ name: "try/one" }, second]));
  const take: Desk["take"] = async (id, worker = "web-1-default") => {
    await rows(
      "update graphile_worker._private_jobs set locked_at = now(), locked_by = $2, attempts = attempts + 1 where id = $1",
      ...[id, worker],
    );
  };
  return {
    ...{ ...world, rows, value },
    async dispatch(options = {}) {
      const uuid = await value(
        "select (queue.dispatch_many($1))[1]",
        JSON.stringify([{ task: "try/one", ...options }]),
      );
      return { uuid, id: await value("select queue.job_id($1)", uuid) };
    },
    async enter(given = {}) {
      const process = { hostname: "web-1", pid: 123, slots: 10, queues: ["default", "mail"], ...given };
      const { hostname, pid, slots, queues, tasks } = { tasks: ["try/one", "try/two"], ...process };
      const id = crypto.randomUUID();
      await rows("select queue.enter($1, $2, $3, $4, $5, $6, null)", id, hostname, pid, slots, queues, tasks);
      await rows("update queue.processes set beat_at = now() + interval '1 hour' where id = $1", id);
      for (const queue of queues)
        await rows("select queue.enter_worker($1, $2, $3)", `${hostname}-${queue}`, id, queue);
      return { hostname, pid, slots, queues, tasks };
    },
    take,
    async fail(id, exception = "Error: it broke\n    at somewhere") {
      await take(id);
      const outcome = await value(
        `select queue.fail(j.locked_by, j.id, j.attempts, queue.uuid_of(j.id, queue.envelope_of(j.payload)), 'try/one', 5, $2, true)
         from graphile_worker._private_jobs j where j.id = $1`,
        ...[id, exception],
      );
      assert.equal(outcome, "failed");
    },
    noted: () => rows("select actor, act, target, affected from queue.audit order by id desc"),
  };
}

const second = { name: "try/two", aliases: ["try/second"] };

/** Hears the notifications of one channel; `heard` resolves when this payload came. */
export async function listenTo(
  desk: Desk,
  channel: string,
): Promise<AsyncDisposable & { heard(payload: string): Promise<void> }> {
  const client = new pg.Client(desk.databaseUrl);
  const payloads: string[] = [];
  client.on("notification", ({ payload = "" }) => payloads.push(payload));
  await client.connect();
  await client.query(`listen ${channel}`);
  return {
    heard: (payload) => until(() => payloads.includes(payload)),
    [Symbol.asyncDispose]: () => client.end(),
  };
}
