import type pg from "pg";
import { isAway } from "#db/insist.ts";
import { createWake, type Wake } from "#db/wake.ts";
import { codeOf } from "#errors.ts";
import { pause } from "#lib/pause.ts";

const mostTopics = 9;
const rolledBack = "HWCHA"; // as chaos.write() raises it
const chance = { rolledBack: 0.05, partly: 0.03 };
// Committed ones; every fourth is followed by another one in its room.
const meanMessages = ((1 + mostTopics) / 2) * 1.25 * (1 - chance.rolledBack);
const mostMadeUpMs = 5000;

/** Say things in many rooms at a steady rate until they are disposed, in transactions that last, fail and overlap. */
export class Writers implements AsyncDisposable {
  readonly #pool: pg.Pool;
  readonly #topics: string[];
  readonly #wake: Wake;
  readonly #msPerTransaction: number;
  readonly #stopping = new AbortController();
  readonly #loops: Promise<void>[];
  #nextAt = performance.now();
  transactions = 0;
  rolledBack = 0;
  /** Transactions whose end nobody saw: the log says whether they were committed. */
  interrupted = 0;
  readonly refusals: string[] = [];

  constructor(pool: pg.Pool, topics: string[], options: { writers: number; rate: number }) {
    this.#pool = pool;
    this.#topics = [...topics].sort();
    this.#wake = createWake(pool);
    this.#msPerTransaction = (1000 * meanMessages) / options.rate;
    this.#loops = Array.from({ length: options.writers }, () => this.#write());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#loops);
  }

  async #write(): Promise<void> {
    const { signal } = this.#stopping;
    for (;;) {
      await pause(Math.max(0, this.#turn() - performance.now()), signal);
      if (signal.aborted) return;
      await this.#transact().catch((error) => this.#failed(error));
    }
  }

  /** When the next transaction is to begin; what could not be begun while Postgres was away is made up for, up to a limit. */
  #turn(): number {
    const at = Math.max(this.#nextAt, performance.now() - mostMadeUpMs);
    this.#nextAt = at + this.#msPerTransaction;
    return at;
  }

  async #transact(): Promise<void> {
    const wakes = Math.random() < 0.5;
    const client = await this.#pool.connect().catch(() => pause(100)); // Postgres is away
    if (!client) return;
    try {
      const values = [this.#anyTopics(), anyMs(), anyFate(), wakes, anySize()];
      await client.query({ name: "write", text: "select chaos.write($1, $2, $3, $4, $5)", values });
      this.transactions++;
      client.release();
    } catch (error) {
      client.release(codeOf(error) !== rolledBack); // only a connection that is good stays
      throw error;
    }
    if (!wakes) this.#wake();
  }

  /** In ascending order, as every writer has to take several locks. */
  #anyTopics(): string[] {
    const count = 1 + Math.floor(Math.random() * mostTopics);
    const places = new Set<number>();
    while (places.size < Math.min(count, this.#topics.length))
      places.add(Math.floor(Math.random() * this.#topics.length));
    return [...places].sort((a, b) => a - b).map((place) => this.#topics[place] as string);
  }

  #failed(error: unknown): void {
    if (codeOf(error) === rolledBack) this.rolledBack++;
    else if (isAway(error)) this.interrupted++;
    else this.refusals.push(`a message was refused: ${error}`);
  }
}

const anyMs = () => (Math.random() < 0.002 ? 400 + Math.random() * 2100 : Math.random() * 40);

function anyFate(): string {
  const throwOf = Math.random();
  if (throwOf < chance.rolledBack) return "rolled back";
  return throwOf < chance.rolledBack + chance.partly ? "partly" : "committed";
}

const anySize = () => (Math.random() < 0.005 ? 12_000 : 20 + Math.floor(Math.random() * 300));
