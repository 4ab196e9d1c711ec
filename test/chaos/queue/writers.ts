import type pg from "pg";
import { isAway } from "#db/insist.ts";
import { pause } from "#lib/pause.ts";

const writers = 3;
const mostWaiting = 200;
const rolledBack = 0.1;

type Write = (db: pg.ClientBase) => Promise<unknown>;

/** What is written, and how often beside the others. */
const kinds = {
  exact: { weight: 30, write: jobs("exact", "one", () => ({ task: "chaos/exact", queue: anyQueue() })) },
  plain: { weight: 30, write: jobs("plain", "some", () => ({ task: "chaos/plain", queue: anyQueue() })) },
  slow: { weight: 3, write: jobs("slow", "some", () => ({ task: "chaos/slow", payload: { ms: slowMs() } })) },
  flaky: { weight: 8, write: jobs("flaky", "one", () => ({ task: "chaos/flaky" })) },
  single: { weight: 4, write: jobs("single", "either", () => ({ task: "chaos/exact", tries: 1 })) },
  fragile: { weight: 4, write: jobs("fragile", "either", () => ({ task: "chaos/fragile" })) },
  snoozing: { weight: 6, write: jobs("snoozing", "one", () => ({ task: "chaos/snoozing" })) },
  hanging: { weight: 2, write: jobs("hanging", "one", () => ({ task: "chaos/hanging" })) },
  deaf: { weight: 0.5, write: jobs("deaf", "one", () => ({ task: "chaos/deaf" })) },
  isolated: { weight: 0.3, write: jobs("isolated", "some", () => ({ task: "chaos/isolated" })) },
  limited: { weight: 6, write: jobs("limited", "one", () => ({ task: "chaos/limited" })) },
  doomed: { weight: 3, write: jobs("doomed", "failure", () => ({ task: "chaos/doomed" })) },
  unique: { weight: 10, write: jobs("unique", "one", () => ({ task: "chaos/exact", unique_key: anyKey() })) },
  batch: {
    weight: 3,
    write: (db) => db.query("select chaos.write_batch($1, $2)", [anyBatch(), between(20, 50)]),
  },
  chain: { weight: 5, write: (db) => db.query("select chaos.write_chain($1, 5)", [anyChain()]) },
} satisfies Record<string, { weight: number; write: Write }>;

export type Kind = keyof typeof kinds;

/** Dispatches all kinds of jobs until it is disposed, some in transactions that are rolled back. */
export class Writers implements AsyncDisposable {
  readonly #pool: pg.Pool;
  readonly #kinds: { weight: number; write: Write }[];
  readonly #stopping = new AbortController();
  readonly #loops: Promise<void>[];
  readonly #crowded: Promise<void>;
  #waiting = 0;
  transactions = 0;
  /** Transactions whose end nobody saw: the ledger says whether they were committed. */
  interrupted = 0;
  readonly refusals: string[] = [];

  constructor(pool: pg.Pool, without: readonly Kind[] = []) {
    this.#pool = pool;
    this.#kinds = Object.entries(kinds).flatMap(([name, kind]) =>
      without.includes(name as Kind) ? [] : kind,
    );
    this.#crowded = this.#watchBacklog();
    this.#loops = Array.from({ length: writers }, () => this.#write());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort();
    await Promise.all([...this.#loops, this.#crowded]);
  }

  async #write(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      await pause(20 + Math.random() * 60, signal);
      if (this.#waiting > mostWaiting) continue;
      await this.#transact().catch((error) => this.#interrupted(error));
    }
  }

  async #transact(): Promise<void> {
    const client = await this.#pool.connect();
    let broken = true;
    try {
      await client.query("begin");
      for (let jobs = between(1, 8); jobs > 0; jobs--) await this.#any()(client);
      await client.query(Math.random() < rolledBack ? "rollback" : "commit");
      this.transactions++;
      broken = false;
    } finally {
      client.release(broken);
    }
  }

  #any(): Write {
    let left = Math.random() * this.#kinds.reduce((sum, { weight }) => sum + weight, 0);
    for (const { weight, write } of this.#kinds) {
      left -= weight;
      if (left < 0) return write;
    }
    return this.#any();
  }

  #interrupted(error: unknown): void {
    if (isAway(error)) this.interrupted++;
    else this.refusals.push(`a dispatch was refused: ${error}`);
  }

  async #watchBacklog(): Promise<void> {
    const { signal } = this.#stopping;
    for (; !signal.aborted; await pause(200, signal)) {
      const { rows } = await this.#pool
        .query<{ jobs: number }>(
          "select count(*)::int as jobs from graphile_worker._private_jobs where run_at <= now()",
        )
        .catch(() => ({ rows: [] }));
      this.#waiting = rows[0]?.jobs ?? mostWaiting + 1;
    }
  }
}

/** Jobs that every process of the crew has to take a share of, unless enough of them wait. */
export async function writeProbes(pool: pg.Pool, queue: string, jobs: number): Promise<void> {
  await pool.query("select chaos.write_probes($1, $2)", [queue, jobs]);
}

function jobs(kind: string, expects: string, job: () => object): Write {
  return (db) => db.query("select chaos.write($1, $2, $3)", [kind, expects, JSON.stringify(job())]);
}

const between = (least: number, most: number) => least + Math.floor(Math.random() * (most - least + 1));

const oneOf = <T>(...values: T[]) => values[Math.floor(Math.random() * values.length)] as T;

const anyQueue = () => oneOf("high", "default", "default", "bulk");

const slowMs = () => between(1000, 3000);

const anyKey = () => `key ${between(1, 20)}`;

const anyBatch = () => oneOf("good", "good", "good", "good", "allowing", "breaking");

const anyChain = () => oneOf("good", "good", "good", "breaking");
