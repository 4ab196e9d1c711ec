import type { Rights } from "../support/rights/noun.ts";

export default {
  rows: {
    failure: `insert into laravel.failed_jobs (uuid, connection, queue, payload, exception)
      values (gen_random_uuid(), 'database', 'default', '{}', 'It broke.') returning id`,
    batch: "select queue.dispatch_batch('[]', 'empty')",
    schedule:
      "insert into queue.schedules (name, task, cron) values ('nightly', 'queue/prune', '1 1 * * *') returning name",
  },
  reads: {
    "operators.failed_jobs": { where: "id = :failure", by: ["owner"] },
    "operators.job_batches": { where: "id = :batch", by: ["owner"] },
    "operators.queues": { where: "name = 'default'", by: ["owner"] },
    "operators.schedules": { where: "name = :schedule", by: ["owner"] },
  },
  acts: {
    "operators.pause_queue('default')": ["owner"],
    "operators.forget_failed_job(:failure)": ["owner"],
    "operators.run_schedule(:schedule)": ["owner"],
    "operators.disable_schedule(:schedule)": ["owner"],
    "operators.clear_queue('default')": ["owner"],
  },
  functions: {
    mutations: [
      "operators.cancel_batch",
      "operators.clear_queue",
      "operators.disable_schedule",
      "operators.enable_schedule",
      "operators.forget_failed_job",
      "operators.forget_failed_jobs",
      "operators.pause_queue",
      "operators.resume_queue",
      "operators.retry_batch",
      "operators.retry_failed_job",
      "operators.retry_failed_jobs",
      "operators.run_schedule",
    ],
    signedIn: ["operators.is_operator", "operators.queue_facts"],
  },
} satisfies Rights;
