import { command, numberOf } from "#cli/command.ts";
import type { Db } from "#cli/connect.ts";
import { isUuid } from "#cli/names.ts";

type Failed = {
  number: string;
  id: string;
  connection: string;
  queue: string;
  class: string;
  failed_at: string;
};

export const listFailed = command({
  about: "List all of the failed queue jobs",
  options: { json: { type: "boolean", about: "as JSON; number is what queue:retry --range counts" } },
  async run({ db, print, values }) {
    const jobs = await failedJobs(db);
    if (values.json)
      return print.json(jobs.map(({ number, ...job }) => ({ ...job, number: Number(number) })));
    if (jobs.length === 0) return print.info("No failed jobs found.");
    print.line();
    for (const job of jobs) {
      const number = print.verbose ? `#${job.number} ` : "";
      print.detail(
        `${job.failed_at} ${number}${job.id}`,
        `${job.connection}@${job.queue} ${job.class}`.trimEnd(),
      );
    }
    print.line();
  },
});

function failedJobs(db: Db): Promise<Failed[]> {
  return db.rows(`
    select f.id as number, f.uuid as id, f.connection, f.queue,
      coalesce(e.envelope ->> 'displayName', e.envelope ->> 'job', '') as class,
      to_char(f.failed_at, 'YYYY-MM-DD HH24:MI:SS') as failed_at
    from laravel.failed_jobs f
    cross join lateral (select queue.envelope_of(queue.json_of(f.payload)) as envelope offset 0) e
    order by f.id desc`);
}

export const forget = command({
  about: "Delete a failed queue job",
  takes: ["id"],
  async run({ db, print, args: [id = ""] }) {
    const uuid = await uuidOfFailed(db, id);
    const gone = uuid !== undefined && (await db.value<boolean>("select queue.forget($1)", uuid));
    if (gone) print.info("Failed job deleted successfully.");
    else print.error("No failed job matches the given ID.");
    return gone ? 0 : 1;
  },
});

/** Of a failed job that is named by its uuid or its number; undefined if there is none. */
export async function uuidOfFailed(db: Db, id: string): Promise<string | undefined> {
  if (isUuid(id)) return id;
  if (!/^\d{1,18}$/.test(id)) return undefined;
  const uuid = await db.value<string | null>("select uuid from queue.failed_jobs where id = $1", id);
  return uuid ?? undefined;
}

export const flush = command({
  about: "Flush all of the failed queue jobs",
  options: {
    hours: { type: "string", value: "HOURS", about: "only those that failed more than so many hours ago" },
  },
  async run({ db, print, values: { hours } }) {
    if (hours !== undefined) numberOf("--hours", hours);
    await db.value("select queue.flush($1)", hours);
    print.info(
      hours === undefined
        ? "All failed jobs deleted successfully."
        : `All jobs that failed more than ${hours} hours ago have been deleted successfully.`,
    );
  },
});

export const pruneFailed = command({
  about: "Prune stale entries from the failed jobs table",
  options: {
    hours: { type: "string", value: "HOURS", default: "24", about: "those older than so many hours" },
  },
  async run({ db, print, values: { hours } }) {
    numberOf("--hours", hours);
    print.info(`${await db.value<string>("select queue.prune_failed($1)", hours)} entries deleted.`);
  },
});
