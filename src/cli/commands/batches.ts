import { command, numberOf } from "#cli/command.ts";
import type { Db } from "#cli/connect.ts";
import { counted, type Print } from "#cli/print.ts";

export const retryBatch = command({
  about: "Retry the failed jobs for a batch",
  takes: ["id+"],
  async run({ db, print, args }) {
    print.info("Pushing failed batch jobs back onto the queue.");
    let refused = 0;
    for (const id of new Set(args)) if (!(await retryOne(db, print, id))) refused++;
    return refused === 0 ? 0 : 1;
  },
});

async function retryOne(db: Db, print: Print, id: string): Promise<boolean> {
  const [batch] = await db.rows<{ failed: number }>(
    `select count(f.id)::int as failed from queue.job_batches b
     left join laravel.failed_jobs f on b.failed_job_ids ? f.uuid where b.id = $1 group by b.id`,
    id,
  );
  if (!batch || batch.failed === 0) {
    print.error(
      batch ? "The given batch does not contain any failed jobs." : `Unable to find a batch with ID [${id}].`,
    );
    return false;
  }
  print.info(`Pushing failed queue jobs of the batch [${id}] back onto the queue.`);
  const done = await print.task(
    counted(batch.failed, "failed job"),
    async () => Number(await db.value<string>("select queue.retry_batch($1)", id)) > 0,
  );
  print.line();
  return done;
}

export const pruneBatches = command({
  about: "Prune stale entries from the batches database",
  options: {
    hours: {
      type: "string",
      value: "HOURS",
      default: "24",
      about: "batches that finished more than so many hours ago",
    },
    unfinished: { type: "string", value: "HOURS", about: "also unfinished ones, by their creation" },
    cancelled: { type: "string", value: "HOURS", about: "also cancelled ones, by their creation" },
  },
  async run({ db, print, values: { hours, unfinished, cancelled } }) {
    const ages = { "--hours": hours, "--unfinished": unfinished, "--cancelled": cancelled };
    for (const [option, age] of Object.entries(ages)) if (age !== undefined) numberOf(option, age);
    const prune = (...given: (string | null)[]) =>
      db.value("select queue.prune_batches($1, $2, $3)", ...given);
    print.info(`${await prune(hours, null, null)} entries deleted.`);
    if (unfinished !== undefined)
      print.info(`${await prune(null, unfinished, null)} unfinished entries deleted.`);
    if (cancelled !== undefined)
      print.info(`${await prune(null, null, cancelled)} cancelled entries deleted.`);
  },
});
