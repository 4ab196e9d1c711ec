import { inspect } from "node:util";
import type { Job as GraphileJob } from "graphile-worker";
import * as v from "valibot";
import { insist } from "#db/insist.ts";
import { atMost } from "#lib/at-most.ts";
import { completeMany } from "#queue/completions.ts";
import { Deadline, Stop } from "#queue/deadline.ts";
import { decrypt } from "#queue/encryption.ts";
import { type Envelope, readEnvelope } from "#queue/envelope.ts";
import { Fail, Snooze } from "#queue/errors.ts";
import { runIsolated } from "#queue/isolated.ts";
import { type Job, JobReport } from "#queue/job.ts";
import type { Serving } from "#queue/serving.ts";
import type { Task } from "#queue/task.ts";
import { taskNamed } from "#queue/tasks.ts";
import { emit } from "#telemetry.ts";

/**
 * Runs one fetched job to its recorded end; never throws. It waits for a slot, asks the limits of its keys, runs under its
 * deadline, and is completed, failed, snoozed or put back, fenced by worker and attempt.
 */
export async function runJob(serving: Serving, row: GraphileJob): Promise<void> {
  const running = new RunningJob(serving, row);
  try {
    const free = await serving.slots.acquire(serving.queue, serving.closing);
    if (!free) return await running.putBack();
    try {
      if (await running.mayBegin()) await running.run();
    } finally {
      free();
    }
  } catch (error) {
    // The database is away for longer than this process lives: the row stays ours until it is rescued or released.
    serving.held.delete(row.id);
    emit("worker:error", { error });
  }
}

class RunningJob {
  readonly #serving: Serving;
  readonly #row: GraphileJob;
  readonly #envelope: Envelope;
  readonly #found: { name: string; task: Task } | undefined;
  readonly #deadline = new Deadline();
  #report: JobReport | undefined;
  #since = performance.now();

  constructor(serving: Serving, row: GraphileJob) {
    this.#serving = serving;
    this.#row = row;
    this.#envelope = readEnvelope(row.payload, row.task_identifier, row.id);
    this.#found = taskNamed(serving.tasks, this.#envelope.task);
  }

  /** Only jobs with keys or a batch have to ask. */
  async mayBegin(): Promise<boolean> {
    if (this.#serving.cancelled.delete(this.#row.id)) {
      await this.fail(new Stop("cancelled", "It was cancelled."), true);
      return false;
    }
    const { flags } = this.#row;
    if (flags) {
      const keys = Object.keys(flags).flatMap((flag) => (flag.startsWith("limit:") ? [flag.slice(6)] : []));
      const verdict = await this.#ask<string>("select queue.begin_job($1, $2, $3, $4) as answer", [
        ...[this.#serving.workerId, this.#row.id, keys, this.#envelope.batchId],
      ]);
      if (verdict === "wait") {
        this.#serving.keyClosed();
        await this.putBack();
      }
      if (verdict === "skip") await this.#skip();
      if (verdict !== "go") return false;
    }
    if (this.#envelope.uniqueUntil === "started")
      await this.#ask("select queue.release_key($1) as answer", [this.#row.id]);
    return true;
  }

  async run(): Promise<void> {
    const serving = this.#serving;
    this.#since = performance.now();
    serving.running.set(this.#row.id, this.#deadline);
    try {
      if (this.#found?.task.options.transactional) await this.#runInTransaction();
      else {
        await this.#perform((text, values) => serving.pool.query(text, values));
        await this.#report?.flush();
        await serving.completions.add(this.#finished());
      }
    } catch (error) {
      await this.#report?.flush();
      await this.#end(error);
    } finally {
      serving.running.delete(this.#row.id);
      if (this.#row.flags) serving.keyFreed();
    }
  }

  async putBack(): Promise<void> {
    const back = await this.#ask<boolean>("select queue.put_back($1, $2, $3) as answer", this.#key());
    emit(back ? "job:put-back" : "job:fenced", this.#about());
    this.#serving.held.delete(this.#row.id);
  }

  async #skip(): Promise<void> {
    const done = await this.#ask<boolean>("select queue.skip($1, $2, $3, $4, $5) as answer", this.#names());
    emit(done ? "job:skipped" : "job:fenced", this.#about());
    this.#serving.held.delete(this.#row.id);
  }

  async #perform(query: Job["query"]): Promise<void> {
    const { task, name } = this.#requireTask();
    const payload = this.#payloadOf(task, name);
    const job = this.#jobOf(name, query);
    emit("job:started", { ...this.#about(), waitedMs: Date.now() - Date.parse(String(this.#row.run_at)) });
    const seconds = this.#envelope.timeout ?? task.options.timeout ?? this.#serving.timeout;
    await this.#deadline.keep(seconds, () => {
      if (task.options.middleware) return throughMiddleware(task, job, () => this.#body(task, payload, job));
      return this.#body(task, payload, job);
    });
  }

  #body(task: Task, payload: unknown, job: Job): Promise<unknown> {
    if (task.options.isolated) return runIsolated(task, payload, job, this.#serving.databaseUrl);
    return task.run(payload, job);
  }

  #jobOf(task: string, query: Job["query"]): Job {
    const { uuid, tags, batchId } = this.#envelope;
    const deadline = this.#deadline;
    const report = () => {
      this.#report ??= new JobReport(this.#serving.pool, uuid, this.#row.attempts);
      return this.#report;
    };
    return {
      ...{ id: this.#row.id, uuid, task, queue: this.#serving.queue, tags, batchId, query },
      attempt: this.#row.attempts,
      maxTries: this.#row.max_attempts,
      get signal() {
        return deadline.signal;
      },
      progress: (percent, note) => report().progress(percent, note),
      log: (line) => report().log(line),
    };
  }

  async #runInTransaction(): Promise<void> {
    const client = await this.#serving.pool.connect();
    let broken = true;
    try {
      await client.query("begin");
      await this.#perform((text, values) => client.query(text, values));
      await this.#report?.flush();
      const finished = this.#finished();
      const [done] = await completeMany(client, this.#serving, [finished]);
      await client.query(done ? "commit" : "rollback");
      broken = false;
      this.#serving.held.delete(this.#row.id);
      emit(done ? "job:completed" : "job:fenced", { ...this.#about(), ms: finished.ms });
    } catch (error) {
      // A statement of the task that still runs would keep the rollback waiting.
      broken =
        (await atMost(
          1000,
          client.query("rollback").catch(() => undefined),
        )) === undefined;
      throw error;
    } finally {
      client.release(broken);
    }
  }

  /** What the error says becomes of the job. */
  async #end(error: unknown): Promise<void> {
    if (error instanceof Stop && error.why === "stopping") return this.putBack();
    if (error instanceof Snooze) return this.#snooze(error.seconds);
    const timedOut = error instanceof Stop && error.why === "timeout";
    await this.fail(error, error instanceof Fail || (timedOut && this.#envelope.failOnTimeout));
  }

  async fail(error: unknown, final: boolean): Promise<void> {
    const outcome = await this.#ask<string>("select queue.fail($1, $2, $3, $4, $5, $6, $7, $8) as answer", [
      ...this.#names(),
      this.#ms(),
      describe(error),
      final,
    ]);
    if (outcome === "fenced") emit("job:fenced", this.#about());
    else if (outcome === "cancelled") emit("job:cancelled", this.#about());
    else emit("job:failed", { ...this.#about(), final: outcome === "failed", error });
    this.#serving.held.delete(this.#row.id);
  }

  async #snooze(seconds: number): Promise<void> {
    const done = await this.#ask<boolean>("select queue.snooze($1, $2, $3, $4, $5, $6, $7) as answer", [
      ...[...this.#names(), this.#ms(), seconds],
    ]);
    if (done) emit("job:snoozed", { ...this.#about(), seconds });
    else emit("job:fenced", this.#about());
    this.#serving.held.delete(this.#row.id);
  }

  #requireTask(): { name: string; task: Task } {
    if (this.#found) return this.#found;
    const { task } = this.#envelope;
    throw new Fail(`There is no task ${task}: it would be the file tasks/${task}.ts, or an alias of one.`);
  }

  #payloadOf(task: Task, name: string): unknown {
    const data = this.#envelope.encrypted ? decrypt(this.#envelope.data) : this.#envelope.data;
    // PHP knows one empty thing for lists and objects.
    const given = Array.isArray(data) && data.length === 0 && !v.is(task.payload, data) ? {} : data;
    const result = v.safeParse(task.payload, given);
    if (result.success) return result.output;
    throw new Fail(`The payload of ${name} is not valid: ${explain(result.issues)}`);
  }

  #finished() {
    const { id, attempts } = this.#row;
    return { id, attempt: attempts, uuid: this.#envelope.uuid, task: this.#about().task, ms: this.#ms() };
  }

  async #ask<Answer>(text: string, values: unknown[]): Promise<Answer> {
    const { pool, givenUp } = this.#serving;
    const { rows } = await insist(() => pool.query<{ answer: Answer }>(text, values), givenUp);
    return rows[0]?.answer as Answer;
  }

  #key(): unknown[] {
    return [this.#serving.workerId, this.#row.id, this.#row.attempts];
  }

  #names(): unknown[] {
    return [...this.#key(), this.#envelope.uuid, this.#about().task];
  }

  #about() {
    const { queue } = this.#serving;
    const task = this.#found?.name ?? this.#envelope.task;
    return { task, queue, attempt: this.#row.attempts, uuid: this.#envelope.uuid };
  }

  #ms(): number {
    return performance.now() - this.#since;
  }
}

function throughMiddleware(task: Task, job: Job, run: () => Promise<unknown>): Promise<unknown> {
  const { middleware = [] } = task.options;
  return middleware.reduceRight<() => Promise<unknown>>((next, around) => () => around(job, next), run)();
}

function explain(issues: v.BaseIssue<unknown>[]): string {
  return issues
    .slice(0, 5)
    .map((issue) => `${v.getDotPath(issue) ?? "it"}: ${issue.message}`)
    .join("; ");
}

/**
 * Never throws, whatever was thrown: a cause may lead back to itself, and an object may refuse to be text. Postgres has
 * no NUL in text.
 */
export function describe(error: unknown): string {
  return inspect(error, { depth: 4, customInspect: false }).replaceAll("\0", "").slice(0, longestText);
}

const longestText = 20_000;
