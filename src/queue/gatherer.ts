import { isAway } from "#db/insist.ts";

type Waiting = {
  spec: Record<string, unknown>;
  resolve: (uuid: string | null) => void;
  reject: (error: unknown) => void;
};

type Send = (specs: Record<string, unknown>[]) => Promise<(string | null)[]>;

const mostAtOnce = 1000;

/**
 * Gathers dispatches of the same moment into one statement: while one is under way, the next gathers, so that a dispatch
 * alone waits for nothing and a thousand at once share a handful of commits.
 */
export class Gatherer {
  readonly #send: Send;
  #waiting: Waiting[] = [];
  #running = false;

  constructor(send: Send) {
    this.#send = send;
  }

  add(spec: Record<string, unknown>): Promise<string | null> {
    const { promise, resolve, reject } = Promise.withResolvers<string | null>();
    this.#waiting.push({ spec, resolve, reject });
    if (!this.#running) void this.#run();
    return promise;
  }

  async #run(): Promise<void> {
    this.#running = true;
    await undefined; // what is dispatched in the same turn goes together
    while (this.#waiting.length > 0) await this.#dispatch(this.#waiting.splice(0, mostAtOnce));
    this.#running = false;
  }

  /**
   * One bad job must not refuse its neighbours: refused together, each is sent alone. Not so when the connection was lost,
   * for the jobs may have been committed.
   */
  async #dispatch(group: Waiting[]): Promise<void> {
    try {
      const uuids = await this.#send(group.map(({ spec }) => spec));
      group.forEach(({ resolve }, at) => {
        resolve(uuids[at] ?? null);
      });
    } catch (error) {
      if (group.length > 1 && !isAway(error)) for (const each of group) await this.#dispatch([each]);
      else for (const { reject } of group) reject(error);
    }
  }
}
