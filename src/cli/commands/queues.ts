import { command } from "#cli/command.ts";
import { type Print, span } from "#cli/print.ts";

type Queue = {
  queue: string;
  paused: boolean;
  served: boolean | null;
  waiting: number;
  delayed: number;
  running: number;
  failed: number;
  oldest_wait_seconds: number | null;
  workers: number;
  jobs_per_minute: number;
  average_ms: number | null;
  paused_by: string | null;
  pause_reason: string | null;
};

export const queues = command({
  about: "Show every queue: what waits, runs and failed, who serves it, how fast it goes",
  options: { json: { type: "boolean", about: "as JSON, with every column of queue.overview" } },
  async run({ db, print, values }) {
    const rows = await db.rows<Queue>("select * from queue.overview");
    if (values.json) return print.json(rows);
    print.table(
      [
        "queue",
        "waiting",
        "delayed",
        "running",
        "failed",
        "oldest",
        "workers",
        "jobs/min",
        "average",
        "state",
      ],
      rows.map(cells),
    );
    showPauses(print, rows);
  },
});

function cells(row: Queue): string[] {
  return [
    ...[row.queue, row.waiting, row.delayed, row.running, row.failed].map(String),
    row.oldest_wait_seconds === null ? "-" : span(row.oldest_wait_seconds),
    ...[row.workers, row.jobs_per_minute].map(String),
    row.average_ms === null ? "-" : `${row.average_ms} ms`,
    stateOf(row),
  ];
}

function stateOf({ paused, served, workers }: Queue): string {
  if (paused) return "paused";
  if (served === false) return "laravel";
  if (served === null) return "undeclared";
  return workers > 0 ? "served" : "no worker";
}

function showPauses(print: Print, rows: readonly Queue[]): void {
  for (const { queue, paused, paused_by, pause_reason } of rows)
    if (paused) print.line(`  ${queue} is paused by ${paused_by}${pause_reason ? `: ${pause_reason}` : ""}`);
  if (rows.some(({ paused }) => paused)) print.line();
}
