import type pg from "pg";
import type { Database } from "#db/impatient.ts";

/** What a task is given beside its payload. */
export type Job = Readonly<{
  id: string;
  uuid: string;
  task: string;
  queue: string;
  /** 1 is the first. */
  attempt: number;
  maxTries: number;
  tags: readonly string[];
  /** The batch it belongs to: queue.add_to_batch(batchId, jobs) adds to it from inside. */
  batchId: string | undefined;
  /** Aborted when the job times out, is cancelled, or the worker stops. */
  signal: AbortSignal;
  /** One statement; of a transactional task, in the transaction that completes the job. */
  query: <Row extends pg.QueryResultRow>(text: string, values?: unknown[]) => Promise<pg.QueryResult<Row>>;
  /** 0 to 100, seen in queue.progress within a second. */
  progress: (percent: number, note?: string) => void;
  /** A line in queue.log_lines. */
  log: (line: string) => void;
}>;

/** Collects progress and log lines of one attempt and writes them at most twice a second, and at its end. */
export class JobReport {
  readonly #db: Database;
  readonly #uuid: string;
  readonly #attempt: number;
  #percent: number | undefined;
  #note: string | undefined;
  #lines: string[] = [];
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(db: Database, uuid: string, attempt: number) {
    this.#db = db;
    this.#uuid = uuid;
    this.#attempt = attempt;
  }

  progress(percent: number, note?: string): void {
    this.#percent = Math.min(100, Math.max(0, Number(percent) || 0));
    this.#note = note?.replaceAll("\0", "").slice(0, 1000);
    this.#soon();
  }

  log(line: string): void {
    this.#lines.push(String(line).replaceAll("\0", "").slice(0, 10_000));
    this.#soon();
  }

  /** Writes what is left; a report that cannot be written is not worth a job. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const [percent, note, lines] = [this.#percent, this.#note, this.#lines];
    this.#percent = undefined;
    this.#lines = [];
    if (percent !== undefined)
      this.#write("select queue.report_progress($1, $2, $3)", [this.#uuid, percent, note]);
    if (lines.length > 0) this.#write("select queue.log($1, $2, $3)", [this.#uuid, this.#attempt, lines]);
    await this.#writing;
  }

  #soon(): void {
    this.#timer ??= setTimeout(() => {
      void this.flush();
    }, 500);
  }

  #write(text: string, values: unknown[]): void {
    this.#writing = this.#writing.then(() =>
      this.#db.query(text, values).then(
        () => {},
        () => {},
      ),
    );
  }
}
