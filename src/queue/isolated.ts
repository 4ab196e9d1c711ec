import { fork } from "node:child_process";
import path from "node:path";
import { Fail, Snooze } from "#queue/errors.ts";
import type { Job } from "#queue/job.ts";
import type { Task } from "#queue/task.ts";

/** What the child is sent: which task, with what, and where its statements go. */
export type Assignment = {
  file: string;
  payload: unknown;
  job: Omit<Job, "signal" | "query" | "progress" | "log">;
  databaseUrl: string;
};

/** What the child says. */
export type Report =
  | { kind: "progress"; percent: number; note: string | undefined }
  | { kind: "log"; line: string }
  | { kind: "done" }
  | { kind: "thrown"; message: string; stack: string; final: boolean; seconds: number | undefined };

const child = path.join(import.meta.dirname, "isolated-child.ts");

/** Runs the task in a process of its own, which is killed when the signal is aborted. */
export async function runIsolated(
  task: Task,
  payload: unknown,
  { signal, query: _query, progress, log, ...job }: Job,
  databaseUrl: string,
): Promise<void> {
  if (!task.file) throw new Fail("An isolated task has to be a file of a tasks folder: a process loads it.");
  const assignment: Assignment = { file: task.file, payload, job, databaseUrl };
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const process = fork(child, {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
    serialization: "advanced", // a schema may make dates and maps of a payload, of which JSON makes something else
  });
  const kill = () => process.kill("SIGKILL");
  signal.addEventListener("abort", kill);
  if (signal.aborted) kill();
  process.on("message", (report: Report) => {
    if (report.kind === "progress") progress(report.percent, report.note);
    if (report.kind === "log") log(report.line);
    if (report.kind === "done") resolve();
    if (report.kind === "thrown") reject(rebuilt(report));
  });
  process.on("error", reject);
  process.on("exit", (code, killed) =>
    reject(new Error(`Its process ended before it did: ${killed ?? `exit ${code}`}.`)),
  );
  try {
    process.send(assignment);
    await promise;
  } finally {
    signal.removeEventListener("abort", kill);
    process.kill("SIGKILL");
  }
}

function rebuilt({ message, stack, final, seconds }: Extract<Report, { kind: "thrown" }>): Error {
  if (seconds !== undefined) return new Snooze(seconds);
  return Object.assign(final ? new Fail(message) : new Error(message), { stack });
}
