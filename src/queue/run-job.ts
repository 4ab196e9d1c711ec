import type { Job as GraphileJob } from "graphile-worker";
import { impatient } from "#db/impatient.ts";
import { insist, isAway } from "#db/insist.ts";
import { completeMany } from "#queue/completions.ts";
import { Deadline, longestMs, Stop } from "#queue/deadline.ts";
import { describe, errorOf } from "#queue/describe.ts";
import { type Envelope, readEnvelope } from "#queue/envelope.ts";
import { Fail, Snooze } from "#queue/errors.ts";
import { runIsolated } from "#queue/isolated.ts";
import { type Job, JobReport } from "#queue/job.ts";
import { pushLink } from "#queue/laravel.ts";
import { payloadOf } from "#queue/payload.ts";
import type { Serving } from "#queue/serving.ts";
import { type Task, throughMiddleware } from "#queue/task.ts";
import { taskNamed } from "#queue/tasks.ts";
import { CutOff, inTransaction } from "#queue/transaction.ts";
import { emit } from "#telemetry.ts";

/**
 * Runs one fetched job to its recorded end; never throws. It waits for a slot, asks the limits of its keys, runs under its
 * deadline, and is completed, failed, snoozed or put back, fenced by worker and attempt. `decided` is called, more than
 * once, when it runs or will not.
 */
export async function runJob(serving: Serving, row: GraphileJob, decided: () => void): Promise<void> {
  const running = new RunningJob(serving, row);
  try {
    const free = await serving.slots.acquire(serving.queue, serving.closing);
    if (!free) return await running.putBack();
    try {
      const may = await running.mayBegin();
      decided();
      if (may) await running.run();
    } finally {
      free();
    }
  } catch (error) {
    await running.giveUp(error);
  } finally {
    decided();
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
      if (this.#found?.task.options.transactional || this.#envelope.next) await this.#runInTransaction();
      else {
        await this.#perform(impatient(serving.pool, longestMs(this.#seconds)).query as Job["query"]);
        await this.#report?.flush();
        return await serving.completions.add(this.#finished()); // which frees its keys when it is completed
      }
    } catch (error) {
      await this.#report?.flush();
      await this.#end(errorOf(error));
    } finally {
      serving.running.delete(this.#row.id);
    }
    if (this.#row.flags) serving.keyFreed();
  }

  async putBack(): Promise<void> {
    const back = await this.#ask<boolean>("select queue.put_back($1, $2, $3) as answer", this.#key());
    emit(back ? "job:put-back" : "job:fenced", this.#about());
    this.#serving.held.delete(this.#row.id);
  }

  /**
   * A job that cannot be begun has failed. When the database is away for longer than this process lives, or will not take
   * how it ended, its row stays ours until it is rescued or released.
   */
  async giveUp(error: unknown): Promise<void> {
    emit("worker:error", { error });
    if (!isAway(error)) await this.fail(errorOf(error), false).catch(() => {});
    if (this.#serving.held.has(this.#row.id)) this.#serving.leave(this.#row.id);
  }

  async #skip(): Promise<void> {
    const done = await this.#ask<boolean>("select queue.skip($1, $2, $3, $4, $5) as answer", this.#names());
    emit(done ? "job:skipped" : "job:fenced", this.#about());
    this.#serving.held.delete(this.#row.id);
  }

  async #perform(query: Job["query"]): Promise<void> {
    const { task, name } = this.#requireTask();
    const payload = payloadOf(task, name, this.#envelope);
    const job = this.#jobOf(name, query);
    emit("job:started", { ...this.#about(), waitedMs: Date.now() - Date.parse(String(this.#row.run_at)) });
    await this.#deadline.keep(this.#seconds, () => {
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
      this.#report ??= new JobReport(this.#serving.db, uuid, this.#row.attempts);
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
    let finished = this.#finished();
    const done = await inTransaction(
      this.#serving,
      (query) => this.#perform(query),
      async (client) => {
        await this.#report?.flush();
        if (this.#envelope.next) await pushLink(client, this.#envelope.next);
        finished = this.#finished();
        return (await completeMany(client, this.#serving, [finished])).length > 0;
      },
    );
    this.#serving.held.delete(this.#row.id);
    emit(done ? "job:completed" : "job:fenced", { ...this.#about(), ms: finished.ms });
  }

  /** What the error says becomes of the job. */
  async #end(error: Error): Promise<void> {
    if (error instanceof Stop && error.why === "stopping") return this.putBack();
    if (error instanceof Snooze) return this.#snooze(error.seconds);
    const timedOut = error instanceof Stop && error.why === "timeout";
    const final = this.#envelope.failOnTimeout ?? this.#found?.task.options.failOnTimeout ?? false;
    await this.fail(error, error instanceof Fail || (timedOut && final));
  }

  async fail(error: unknown, final: boolean): Promise<void> {
    const outcome = await this.#ask<string>(
      "select queue.fail($1, $2, $3, $4, $5, $6, $7, $8, $9) as answer",
      [...[...this.#names(), this.#ms(), describe(error)], ...[final, error instanceof CutOff]],
    );
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
    if (this.#envelope.problem) throw new Fail(this.#envelope.problem);
    if (this.#found) return this.#found;
    const { task } = this.#envelope;
    throw new Fail(`There is no task ${task}: it would be the file tasks/${task}.ts, or an alias of one.`);
  }

  get #seconds(): number {
    return this.#envelope.timeout ?? this.#found?.task.options.timeout ?? this.#serving.timeout;
  }

  #finished() {
    const { id, attempts, flags } = this.#row;
    const { uuid } = this.#envelope;
    return { id, attempt: attempts, uuid, task: this.#about().task, ms: this.#ms(), flagged: flags !== null };
  }

  async #ask<Answer>(text: string, values: unknown[]): Promise<Answer> {
    const { db, givenUp } = this.#serving;
    const { rows } = await insist(() => db.query<{ answer: Answer }>(text, values), givenUp);
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
    return { id: this.#row.id, uuid: this.#envelope.uuid, task, queue, attempt: this.#row.attempts };
  }

  #ms(): number {
    return performance.now() - this.#since;
  }
}
