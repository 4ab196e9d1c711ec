import { openPool } from "#db/pool.ts";
import { describe, errorOf } from "#queue/describe.ts";
import { Fail, Snooze } from "#queue/errors.ts";
import type { Assignment, Report } from "#queue/isolated.ts";
import { loadTask } from "#queue/tasks.ts";

/** The process of one isolated job: takes its assignment, runs it, says how it ended. */
process.once("message", async ({ file, payload, job, databaseUrl }: Assignment) => {
  const pool = openPool(databaseUrl, "isolated", { max: 2 });
  try {
    const task = await loadTask(file);
    await task.run(payload, {
      ...job,
      signal: new AbortController().signal, // the parent does not ask, it kills
      query: (text, values) => pool.query(text, values),
      progress: (percent, note) => say({ kind: "progress", percent, note }),
      log: (line) => say({ kind: "log", line: String(line) }),
    });
    await pool.end();
    say({ kind: "done" });
  } catch (error) {
    say(thrown(error));
  }
});
process.on("disconnect", () => process.exit(1)); // the worker died; the job belongs to another now

function say(report: Report): void {
  process.send?.(report);
}

function thrown(what: unknown): Report {
  const error = errorOf(what);
  return {
    kind: "thrown",
    message: String(error.message),
    stack: describe(error),
    final: error instanceof Fail,
    seconds: error instanceof Snooze ? error.seconds : undefined,
  };
}
