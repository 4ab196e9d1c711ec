import type { Clock } from "./clock.ts";

/** Work that is kept in the store with the moment when it is due. */
export type Due = {
  /** When the next piece is due; undefined = nothing waits. */
  next(): number | undefined;
  /** Does a bounded part of what is due at `now`. */
  run(now: Date): Promise<void>;
};

export type DueWork = AsyncDisposable & {
  /** To be called whenever work was added. Resolves when nothing is due any more. */
  wake(): Promise<void>;
};

/** Does what is due, as long as there is some, and sets the clock for the rest. One at a time. */
export function startDueWork(clock: Clock, due: Due): DueWork {
  let running: Promise<void> | undefined;
  let cancel = () => {};
  let stopped = false;

  const doAll = async () => {
    try {
      for (let next = due.next(); !stopped && next !== undefined; next = due.next()) {
        if (next > clock.now().getTime()) {
          cancel = clock.at(next, wake);
          return;
        }
        await due.run(clock.now());
      }
    } finally {
      running = undefined;
    }
  };

  const wake = (): Promise<void> => {
    if (stopped) return Promise.resolve();
    running ??= new Promise(setImmediate).then(() => {
      cancel();
      return doAll();
    });
    return running;
  };

  return {
    wake,
    async [Symbol.asyncDispose]() {
      stopped = true;
      cancel();
      await running;
    },
  };
}
