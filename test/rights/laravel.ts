import type { Rights } from "../support/rights/noun.ts";

const laravel = ["laravel"] as const;
const all = { select: laravel, insert: laravel, update: laravel, delete: laravel };

export default {
  rows: {
    failure: `insert into laravel.failed_jobs (uuid, connection, queue, payload, exception)
      values (gen_random_uuid(), 'database', 'default', '{}', 'It broke.') returning uuid`,
    batch: "select queue.dispatch_batch('[]', 'empty')",
    job: "select queue.dispatch('queue/prune')",
  },
  reads: {
    "laravel.failed_jobs": { where: "uuid = :failure", by: laravel },
    "laravel.job_batches": { where: "id = :batch", by: laravel },
    "laravel.jobs": { where: "payload like '%' || :job || '%'", by: laravel },
  },
  writes: { "laravel.failed_jobs": all, "laravel.job_batches": all, "laravel.jobs": all },
} satisfies Rights;
