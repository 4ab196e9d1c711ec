import type pg from "pg";
import { pause } from "#lib/pause.ts";

/** Changes and pauses queues all the while: each time, workers open new pools while the old ones still end. */
export class Operator implements AsyncDisposable {
  readonly #pool: pg.Pool;
  readonly #stopping = new AbortController();
  readonly #life: Promise<void>;
  acts = 0;

  constructor(pool: pg.Pool) {
    this.#pool = pool;
    this.#life = this.#live();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort();
    await this.#life;
  }

  async #live(): Promise<void> {
    const { signal } = this.#stopping;
    for (;;) {
      await pause(500 + Math.random() * 3000, signal);
      if (signal.aborted) return;
      await this.#meddle().catch(() => {}); // the database is away
    }
  }

  async #meddle(): Promise<void> {
    const queue = anyOf(["high", "default", "bulk"]);
    const concurrency = 4 + Math.floor(Math.random() * 6);
    if (Math.random() < 0.3)
      await this.#pool.query("select queue.pause($1, 'chaos', lasting => '500 milliseconds')", [queue]);
    else await this.#pool.query("select queue.configure($1, $2)", [queue, JSON.stringify({ concurrency })]);
    this.acts++;
  }
}

const anyOf = (queues: string[]) => queues[Math.floor(Math.random() * queues.length)];
