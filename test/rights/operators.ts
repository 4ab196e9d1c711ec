import type { Rights } from "../support/rights/noun.ts";

export default {
  rows: {
    failure: `insert into laravel.failed_jobs (uuid, connection, queue, payload, exception)
      values (gen_random_uuid(), 'database', 'default', '{}', 'It broke.') returning id`,
    batch: "select queue.dispatch_batch('[]', 'empty')",
    schedule:
      "insert into queue.schedules (name, task, cron) values ('nightly', 'queue/prune', '1 1 * * *') returning name",
    letter: `insert into mail.letters (
        dedupe_key, stream, priority, recipient, template, category, locale, state, attempt, batch_id, claimed_by, last_tx_at
      )
      values ('undecided', 'outbound', 100, 'ada@school.test', 'digest', 'digest', 'en', 'held', 1, gen_random_uuid(), 'a', now())
      returning id`,
  },
  reads: {
    "operators.failed_jobs": { where: "id = :failure", by: ["owner"] },
    "operators.mail_streams": { where: "name = 'outbound'", by: ["owner"] },
    "operators.undecided_letters": { where: "id = :letter", by: ["owner"] },
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
    "operators.resume_mail('outbound')": ["owner"],
    "operators.set_mail_rate('outbound', 5)": ["owner"],
    "operators.decide_letter(:letter, 'drop')": ["owner"],
  },
  functions: {
    mutations: [
      "operators.cancel_batch",
      "operators.clear_queue",
      "operators.decide_letter",
      "operators.disable_schedule",
      "operators.enable_schedule",
      "operators.forget_failed_job",
      "operators.forget_failed_jobs",
      "operators.pause_queue",
      "operators.resume_mail",
      "operators.resume_queue",
      "operators.retry_batch",
      "operators.retry_failed_job",
      "operators.retry_failed_jobs",
      "operators.run_schedule",
      "operators.set_mail_rate",
    ],
    signedIn: ["operators.is_operator", "operators.mail_facts", "operators.queue_facts"],
  },
} satisfies Rights;
