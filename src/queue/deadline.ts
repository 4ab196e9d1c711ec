/** Why a running job was asked to stop; the reason of its abort signal. */
export class Stop extends Error {
  override readonly name = "Stop";
  readonly why: "timeout" | "cancelled" | "stopping";

  constructor(why: Stop["why"], message: string) {
    super(message);
    this.why = why;
  }
}

const graceMs = 5000;
const longestTimer = 2 ** 31 - 1;

/** When a job of this timeout has been left behind at the latest: no statement of it is to be waited for any longer. */
export function longestMs(seconds: number): number {
  return seconds === 0 ? 0 : seconds * 1000 + graceMs;
}

/**
 * The end that is set to one job's run: its timeout, a cancellation, the stop of the worker. The job is asked through its
 * signal; one that has not ended 5 s later is left behind, for JavaScript cannot be stopped from outside: a task that may
 * hang is declared isolated. The signal is made when it is asked for, which most jobs never do.
 */
export class Deadline {
  #controller: AbortController | undefined;
  #timer: NodeJS.Timeout | undefined;
  #reason: Stop | undefined;
  readonly #left = Promise.withResolvers<never>();

  constructor() {
    this.#left.promise.catch(() => {}); // a job that ended before its work began is waited for by nobody
  }

  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#reason) this.#controller.abort(this.#reason);
    return this.#controller.signal;
  }

  stop(reason: Stop): void {
    if (this.#reason) return;
    this.#reason = reason;
    this.#controller?.abort(reason);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#left.reject(reason), graceMs);
  }

  /** The outcome of `work`, or the Stop that ended it; 0 seconds is no timeout. */
  async keep<T>(seconds: number, work: () => Promise<T>): Promise<T> {
    if (seconds > 0)
      this.#timer = setTimeout(
        () => this.stop(new Stop("timeout", `It timed out after ${seconds} s.`)),
        Math.min(seconds * 1000, longestTimer),
      );
    try {
      return await Promise.race([work(), this.#left.promise]);
    } catch (error) {
      throw this.#reason ?? error;
    } finally {
      clearTimeout(this.#timer);
    }
  }
}
