import { command } from "#cli/command.ts";
import { uuidOfFailed } from "#cli/commands/failed.ts";
import type { Db } from "#cli/connect.ts";
import { queueNamed } from "#cli/names.ts";
import { counted, type Print } from "#cli/print.ts";
import { AppError, codeOf, messageOf } from "#errors.ts";

export const retry = command({
  about: "Retry a failed queue job",
  takes: ["id*"],
  options: {
    queue: { type: "string", value: "QUEUE", about: "all failed jobs of this queue" },
    range: {
      type: "string",
      value: "1-5",
      multiple: true,
      about: "failed jobs by their numbers; may be repeated",
    },
  },
  async run({ db, print, args, values: { queue, range = [] } }) {
    if (args.length === 1 && args[0] === "all") return retryAll(db, print, null);
    if (queue !== undefined) return retryAll(db, print, queueNamed(queue));
    if (args.length + range.length === 0)
      throw new AppError("BadOption", "queue:retry needs ids, all, --queue or --range.");
    const ids = new Set([...args, ...(await idsOf(db, range))]);
    print.info(
      ids.size === 0 ? "No retryable jobs found." : "Pushing failed queue jobs back onto the queue.",
    );
    let unknown = 0;
    for (const id of ids) if (!(await retryOne(db, print, id))) unknown++;
    if (ids.size > 0) print.line();
    return unknown === 0 ? 0 : 1;
  },
});

async function retryOne(db: Db, print: Print, id: string): Promise<boolean> {
  const uuid = await uuidOfFailed(db, id);
  const found =
    uuid !== undefined &&
    (await db.value<boolean>(
      "select exists (select from laravel.failed_jobs f where f.uuid = $1::uuid::text)",
      uuid,
    ));
  if (!found) {
    print.error(`Unable to find failed job with ID [${id}].`);
    return false;
  }
  let refused: unknown;
  const done = await print.task(id, () =>
    db.value<boolean>("select queue.retry($1)", uuid).catch((error) => {
      refused = error;
      if (codeOf(error) !== "HW422") throw error;
      return false;
    }),
  );
  if (refused) print.error(messageOf(refused));
  return done;
}

/** Of those that are there: a range has gaps. */
async function idsOf(db: Db, ranges: readonly string[]): Promise<string[]> {
  const ids: string[] = [];
  for (const range of ranges) {
    const [, low, high] = /^(\d{1,18})-(\d{1,18})$/.exec(range) ?? [];
    if (low === undefined)
      throw new AppError("BadOption", `--range cannot be "${range}": write numbers such as 1-5.`);
    const rows = await db.rows<{ id: string }>(
      "select coalesce(uuid::text, id::text) as id from queue.failed_jobs where id between $1 and $2 order by id",
      ...[low, high],
    );
    ids.push(...rows.map(({ id }) => id));
  }
  return ids;
}

/** In one statement, however many they are; what is no JSON cannot run and stays. */
async function retryAll(db: Db, print: Print, queue: string | null): Promise<number> {
  const failed = "from laravel.failed_jobs f where f.queue = coalesce($1, f.queue)";
  const count = await db.value<number>(`select count(*)::int ${failed}`, queue);
  if (count === 0) return none(db, print, queue);
  print.info("Pushing failed queue jobs back onto the queue.");
  let done = 0;
  await print.task(`${counted(count, "failed job")}${queue === null ? "" : ` of ${queue}`}`, async () => {
    done = Number(await db.value<string>("select queue.retry_all($1)", queue));
    return done > 0;
  });
  print.line();
  const broken = await db.value<number>(
    `select count(*)::int ${failed} and queue.json_of(f.payload) is null`,
    queue,
  );
  if (broken > 0)
    print.error(`${counted(broken, "job")} can never run, as the payload is no JSON: queue:forget.`);
  return broken > 0 ? 1 : 0;
}

async function none(db: Db, print: Print, queue: string | null): Promise<number> {
  const known =
    queue === null ||
    (await db.value<boolean>("select exists (select from queue.overview where queue = $1)", queue));
  if (!known) print.error(`Unable to find failed jobs for queue [${queue}].`);
  print.info("No retryable jobs found.");
  return known ? 0 : 1;
}
