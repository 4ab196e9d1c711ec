import type { WorkerProcess } from "#queue/worker-process.ts";
import { emit } from "#telemetry.ts";

const firstDelayMs = 200;
const longestDelayMs = 10_000;
const healthyAfterMs = 30_000;

/** A place for one worker process: one that crashes is followed by another, later each time until one stays healthy. */
export class Seat {
  readonly #supervisor: string;
  readonly #open: () => WorkerProcess;
  #process: WorkerProcess;
  #delayMs = firstDelayMs;
  #waiting: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(supervisor: string, open: () => WorkerProcess) {
    this.#supervisor = supervisor;
    this.#open = open;
    this.#process = this.#occupy();
  }

  get process(): WorkerProcess {
    return this.#process;
  }

  /** Puts a fresh process beside the old one, which drains when the fresh one is ready; rejects if that never is. */
  async replace(): Promise<void> {
    const old = this.#process;
    const fresh = this.#open();
    await fresh.ready;
    if (this.#closed || this.#process !== old) return fresh.tell({ type: "drain" });
    this.#wait(undefined);
    this.#adopt(fresh);
    old.tell({ type: "drain" });
    this.#announce(old, { reason: "asked" });
  }

  /** Its process is told to drain, and followed by none. */
  close(): void {
    this.#closed = true;
    this.#wait(undefined);
    this.#process.tell({ type: "drain" });
  }

  #occupy(): WorkerProcess {
    return this.#adopt(this.#open());
  }

  #adopt(process: WorkerProcess): WorkerProcess {
    this.#process = process;
    process.leaving.then((reason) => this.#follow(process, { reason }));
    process.ended.then(({ code, signal, livedMs }) => {
      if (livedMs > healthyAfterMs) this.#delayMs = firstDelayMs;
      this.#follow(process, { reason: "crashed", code, signal }, this.#delayMs);
    });
    return process;
  }

  #follow(process: WorkerProcess, why: Why, delayMs = 0): void {
    if (this.#closed || this.#process !== process || this.#waiting) return;
    this.#announce(process, why);
    if (delayMs === 0) return void this.#occupy();
    this.#delayMs = Math.min(this.#delayMs * 2, longestDelayMs);
    this.#wait(delayMs);
  }

  #wait(delayMs: number | undefined): void {
    clearTimeout(this.#waiting);
    this.#waiting = undefined;
    if (delayMs === undefined) return;
    this.#waiting = setTimeout(() => {
      this.#waiting = undefined;
      this.#occupy();
    }, delayMs);
  }

  #announce({ pid }: WorkerProcess, why: Why): void {
    emit("supervisor:restarted", { supervisor: this.#supervisor, pid, ...why });
  }
}

type Why = { reason: string; code?: number | null; signal?: string | null };
