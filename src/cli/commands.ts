import type { Command } from "#cli/command.ts";
import { pruneBatches, retryBatch } from "#cli/commands/batches.ts";
import { clear } from "#cli/commands/clear.ts";
import { dispatchJob } from "#cli/commands/dispatch.ts";
import { doctor } from "#cli/commands/doctor.ts";
import { flush, forget, listFailed, pruneFailed } from "#cli/commands/failed.ts";
import { cancelJob, explainJob, restart } from "#cli/commands/jobs.ts";
import { decideLetter, listUndecided, mailStatus, resumeMail, setMailRate } from "#cli/commands/mail.ts";
import { listCalls, registerWebhooks, sweepMail } from "#cli/commands/mail-events.ts";
import { monitor } from "#cli/commands/monitor.ts";
import { pause, resume } from "#cli/commands/pause.ts";
import { queueListen } from "#cli/commands/queue-listen.ts";
import { queueWork } from "#cli/commands/queue-work.ts";
import { queues } from "#cli/commands/queues.ts";
import { realtime } from "#cli/commands/realtime.ts";
import { retry } from "#cli/commands/retry.ts";
import { listSchedules } from "#cli/commands/schedule.ts";
import { configure, createQueue, limit } from "#cli/commands/settings.ts";
import { batchesTable, failedTable, jobsTable } from "#cli/commands/tables.ts";
import { startedByNpm } from "#config.ts";

/** Every command by its name, in the order of the help. */
export const commands: Readonly<Record<string, Command>> = {
  work: {
    about: "Run jobs, many at a time, in one process or several (howdah work --help)",
    raw: async (args) => (await import("#cli/work.ts")).work(args, { startedByNpm: startedByNpm() }),
  },
  doctor,
  queues,
  "queue:work": queueWork,
  "queue:listen": queueListen,
  "queue:restart": restart,
  "queue:monitor": monitor,
  "queue:pause": pause,
  "queue:resume": resume,
  "queue:continue": resume,
  "queue:clear": clear,
  "queue:failed": listFailed,
  "queue:retry": retry,
  "queue:retry-batch": retryBatch,
  "queue:forget": forget,
  "queue:flush": flush,
  "queue:prune-failed": pruneFailed,
  "queue:prune-batches": pruneBatches,
  "queue:table": jobsTable,
  "queue:failed-table": failedTable,
  "queue:batches-table": batchesTable,
  "queue:dispatch": dispatchJob,
  "queue:explain": explainJob,
  "queue:cancel": cancelJob,
  "queue:create": createQueue,
  "queue:configure": configure,
  "queue:limit": limit,
  "schedule:list": listSchedules,
  "mail:status": mailStatus,
  "mail:undecided": listUndecided,
  "mail:decide": decideLetter,
  "mail:resume": resumeMail,
  "mail:rate": setMailRate,
  "mail:webhooks": registerWebhooks,
  "mail:calls": listCalls,
  "mail:sweep": sweepMail,
  realtime,
};
