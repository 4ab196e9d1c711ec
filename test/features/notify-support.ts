import { randomUUID } from "node:crypto";
import type pg from "pg";
import { productTasks } from "#queue/tasks.ts";
import { Worker } from "#queue/worker.ts";
import { onTelemetry } from "#telemetry.ts";
import { openSchool, type School } from "../graphql/school.ts";
import { transportTo } from "../mail/outbox-support.ts";
import { openMailbox } from "../support/mailbox.ts";
import { until } from "../support/wait.ts";

export type Campus = School & {
  pool: pg.Pool;
  /** The rows of a statement. */
  // biome-ignore lint/suspicious/noExplicitAny: the rows are what the tests look into
  rows(text: string, ...values: unknown[]): Promise<any[]>;
  /** The one value of a statement. */
  // biome-ignore lint/suspicious/noExplicitAny: as above
  value(text: string, ...values: unknown[]): Promise<any>;
  /** A person with a mail address, in the class if a role is given. */
  enrol(name: string, role?: string): Promise<string>;
  /** Works off every job that is due, until none is left. */
  settle(): Promise<void>;
  /** Makes what waits for later due now, by its task, and works it off. */
  skipTo(task: string): Promise<void>;
};

/** The class of openSchool with mail addresses, a worker on all tasks and a mailbox that takes the letters. */
export async function openCampus(): Promise<Campus> {
  await using opening = new AsyncDisposableStack();
  const school = opening.use(await openSchool());
  const { pool, databaseUrl } = school.world;
  const mailbox = opening.use(await openMailbox());
  transportTo(mailbox.url);
  opening.defer(onTelemetry((event, payload) => event === "graphql:error" && console.error(payload)));
  const worker = new Worker({ databaseUrl, tasks: await productTasks(), schedule: false });
  await worker.start();
  opening.use(worker);
  const rows: Campus["rows"] = async (text, ...values) => (await pool.query(text, values)).rows;
  const value: Campus["value"] = async (text, ...values) =>
    Object.values((await rows(text, ...values))[0] ?? {})[0];
  const settle = () => until(async () => (await value(dueJobs)) === 0, 30_000);
  await rows(addressBook);
  const opened = opening.move();
  return {
    ...school,
    ...{ pool, rows, value, settle },
    async enrol(name, role) {
      const id = await value("insert into app.people (name) values ($1) returning id", name);
      const address = `${name.toLowerCase()}-${randomUUID()}@school.test`;
      await rows("insert into app.email_addresses (person_id, address) values ($1, $2)", id, address);
      if (role)
        await rows(
          "insert into app.memberships (group_id, person_id, role) values ($1, $2, $3)",
          school.classId,
          id,
          role,
        );
      return id;
    },
    async skipTo(task) {
      await rows(
        "update graphile_worker._private_jobs set run_at = now() where payload ->> 'job' = $1",
        task,
      );
      await rows("select pg_notify('howdah_jobs', q.name || ' 1') from queue.queues q");
      await settle();
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

const dueJobs =
  "select count(*)::int from graphile_worker._private_jobs where run_at <= now() and payload ->> 'job' not like 'queue/%'";

const addressBook = `
  insert into app.email_addresses (person_id, address)
  select p.id, lower(p.name) || '@school.test' from app.people p
  where not exists (select from app.email_addresses e where e.person_id = p.id)`;
