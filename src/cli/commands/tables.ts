import { command } from "#cli/command.ts";

const migrations = "db/migrations/0011_queue.sql";

/** Laravel writes a migration here; ours ran at the first start. */
function there(table: string, where: string) {
  return command({
    about: `Say where the ${table} are: Laravel writes a migration for them, here they are made by the first start`,
    async offline({ print }) {
      print.info(`The ${table} are there already, made by the first start: ${where}`);
    },
  });
}

export const jobsTable = there(
  "jobs",
  "graphile_worker._private_jobs, shown in Laravel's columns by the views queue.jobs and laravel.jobs.",
);
export const failedTable = there("failed jobs", `the table laravel.failed_jobs (${migrations}).`);
export const batchesTable = there("batches", `the table laravel.job_batches (${migrations}).`);
