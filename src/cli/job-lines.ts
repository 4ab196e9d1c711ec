import { type Print, runTime } from "#cli/print.ts";
import { onTelemetry } from "#telemetry.ts";

type Told = {
  uuid: string;
  task: string;
  queue: string;
  attempt: number;
  id?: string;
  ms?: number;
  error?: unknown;
  final?: boolean;
};

/** What Laravel's queue:work says of a job: the word on the line, and level, status and result in JSON. */
const verdicts = {
  "job:started": ["RUNNING", "yellow", "info", "starting", ""],
  "job:completed": ["DONE", "green", "info", "success", "deleted"],
  released: ["FAIL", "yellow", "warning", "released_after_exception", "released"],
  "job:failed": ["FAIL", "red", "warning", "failed", "failed"],
  "job:snoozed": ["SNOOZED", "yellow", "info", "success", "released"],
  "job:cancelled": ["CANCELLED", "red", "warning", "cancelled", "deleted"],
  "job:skipped": ["SKIPPED", "yellow", "info", "skipped", "deleted"],
  "job:put-back": ["RELEASED", "yellow", "info", "released", "released"],
  "job:fenced": ["FENCED", "red", "warning", "fenced", ""],
} as const;

type Verdict = keyof typeof verdicts;

/** Prints a line, or a JSON object, for everything that becomes of jobs in this process. Returns what ends it. */
export function printJobs(print: Print, { json }: { json: boolean }): () => void {
  const began = new Map<string, number>();
  return onTelemetry((event, payload) => {
    if (event === "queue:paused" || event === "queue:resumed")
      return printQueue(print, (payload as { queue: string }).queue, event === "queue:paused", json);
    if (!(event in verdicts)) return;
    const job = payload as Told;
    const since = began.get(job.uuid);
    if (event === "job:put-back" && since === undefined) return; // nobody saw it begin
    if (event === "job:started") began.set(job.uuid, performance.now());
    else began.delete(job.uuid);
    const ms = job.ms ?? (since === undefined ? undefined : performance.now() - since);
    const verdict = event === "job:failed" && !job.final ? "released" : (event as Verdict);
    (json ? printObject : printLine)(print, verdict, job, ms);
  });
}

function printLine(print: Print, verdict: Verdict, job: Told, ms: number | undefined): void {
  const [word, color] = verdicts[verdict];
  const about = print.verbose ? ` ${job.id ?? job.uuid} database ${job.queue}` : "";
  const memory = print.verbose ? ` ${Math.round(process.memoryUsage.rss() / 104857.6) / 10}MB` : "";
  const took = ms === undefined ? "" : ` ${runTime(ms)}${memory}`;
  const dots = print.width() - 26 - job.task.length - about.length - took.length - word.length;
  print.line(
    `  ${print.paint("gray", clock())} ${job.task}${print.paint("blue", about)} ${print.paint(
      "gray",
      `${".".repeat(Math.max(dots, 0))}${took}`,
    )} ${print.paint([color, "bold"], word)}`,
  );
}

function printObject(print: Print, verdict: Verdict, job: Told, ms: number | undefined): void {
  const [, , level, status, result] = verdicts[verdict];
  const { error } = job;
  const failed = error instanceof Error;
  const object = {
    ...{ level, id: job.id, uuid: job.uuid, connection: "database", queue: job.queue, job: job.task },
    ...{ status, result, attempts: job.attempt },
    exception: failed ? error.name : undefined,
    message: error === undefined ? undefined : failed ? error.message : String(error),
    timestamp: timestamp(),
    duration: ms === undefined ? undefined : Math.round(ms * 1000) / 1e6,
  };
  print.json(Object.fromEntries(Object.entries(object).filter(([, value]) => value !== "")));
}

function printQueue(print: Print, queue: string, paused: boolean, json: boolean): void {
  const status = paused ? "paused" : "resumed";
  const word = print.paint([paused ? "yellow" : "green", "bold"], status.toUpperCase());
  if (json) print.json({ level: "warning", queue, status, timestamp: timestamp() });
  else print.line(`  ${print.paint("gray", clock())} Queue ${print.paint("blue", queue)} ${word}`);
}

function clock(): string {
  return new Date().toISOString().slice(0, 19).replace("T", " ");
}

function timestamp(): string {
  return new Date().toISOString().replace("Z", "000+00:00");
}
