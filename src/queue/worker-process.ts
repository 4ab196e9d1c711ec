import type { ChildProcess } from "node:child_process";
import { AppError } from "#errors.ts";

/** What a supervisor says to its worker processes: `drain` lets jobs end however long they take, `stop` does not. */
export type ToWorker = { type: "start"; settings: unknown } | { type: "drain" } | { type: "stop" };

/** What they say to it: `leaving` is the end that a process has decided on, `failed` the reason why it cannot start. */
export type FromWorker =
  | { type: "beat"; running: number }
  | { type: "ready" }
  | { type: "leaving"; reason: string }
  | { type: "failed"; message: string };

export type Ended = { code: number | null; signal: NodeJS.Signals | null; livedMs: number };

/** A worker process as its supervisor sees it. */
export class WorkerProcess {
  readonly #child: ChildProcess;
  readonly #since = performance.now();
  #heardAt = performance.now();
  #failure = "A worker process ended before it was ready.";
  /** Jobs that run in it, as it said last. */
  running = 0;
  /** Resolves when it serves; rejects with AppError `WorkerProcess` when it ends before. */
  readonly ready: Promise<void>;
  /** Resolves with the reason when it begins to end by its own decision, such as memory. */
  readonly leaving: Promise<string>;
  readonly ended: Promise<Ended>;

  constructor(child: ChildProcess, settings: unknown) {
    this.#child = child;
    const ready = Promise.withResolvers<void>();
    const leaving = Promise.withResolvers<string>();
    child.on("message", (message: FromWorker) => {
      this.#heardAt = performance.now();
      if (message.type === "beat") this.running = message.running;
      if (message.type === "ready") ready.resolve();
      if (message.type === "leaving") leaving.resolve(message.reason);
      if (message.type === "failed") this.#failure = message.message;
    });
    this.ready = ready.promise;
    this.ready.catch(() => {}); // whoever waits for it hears of it
    this.leaving = leaving.promise;
    this.ended = this.#end().finally(() => ready.reject(new AppError("WorkerProcess", this.#failure)));
    this.tell({ type: "start", settings });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get silentMs(): number {
    return performance.now() - this.#heardAt;
  }

  /** Forgets a silence that was the listener's own. */
  hear(): void {
    this.#heardAt = performance.now();
  }

  tell(message: ToWorker): void {
    this.#child.send(message, () => {}); // one that is gone has ended, which is seen elsewhere
  }

  kill(): void {
    this.#child.kill("SIGKILL");
  }

  #end(): Promise<Ended> {
    return new Promise((resolve) => {
      const end = (code: number | null, signal: NodeJS.Signals | null) =>
        resolve({ code, signal, livedMs: performance.now() - this.#since });
      this.#child.once("exit", end);
      this.#child.once("error", () => this.#child.pid === undefined && end(null, null)); // never spawned
    });
  }
}
