import { randomUUID } from "node:crypto";
import type pg from "pg";
import { isAway } from "#db/insist.ts";
import { pause } from "#lib/pause.ts";
import type { Random } from "../support/random.ts";

const mostWaiting = 400;
const rolledBack = 0.05;

type Letter = Record<string, unknown>;

/** What is written: a letter of a kind, and how many of it at once. */
const kinds: Record<string, { many: [least: number, most: number]; letter: Letter }> = {
  signIn: {
    many: [1, 1],
    letter: { template: "sign-in-link", category: "security", priority: 10, secret: true },
  },
  notice: { many: [1, 5], letter: { template: "notification", category: "event", priority: 100 } },
  undecidable: {
    many: [1, 3],
    letter: { template: "notification", category: "grade", priority: 100, policy: "hold" },
  },
  campaign: {
    many: [5, 30],
    letter: { template: "campaign", category: "campaign", priority: 200, stream: "broadcast" },
  },
};

/** Writes letters of all kinds until it is disposed, some in transactions that are rolled back; while many wait, urgent ones only. */
export class Writers implements AsyncDisposable {
  readonly #pool: pg.Pool;
  readonly #random: Random;
  readonly #stopping = new AbortController();
  readonly #loop: Promise<void>;
  /** Letters that were asked for, committed or not. */
  letters = 0;
  /** Transactions whose end nobody saw: the ledger says whether they were committed. */
  interrupted = 0;
  readonly refusals: string[] = [];

  constructor(pool: pg.Pool, random: Random) {
    this.#pool = pool;
    this.#random = random;
    this.#loop = this.#write();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort();
    await this.#loop;
  }

  async #write(): Promise<void> {
    const { signal } = this.#stopping;
    for (; !signal.aborted; await pause(this.#random.int(50, 250), signal))
      await this.#transact().catch((error) => this.#interrupted(error));
  }

  async #transact(): Promise<void> {
    const client = await this.#pool.connect();
    let broken = true;
    try {
      const { rows } = await client.query<{ waiting: number }>(
        "select count(*)::int as waiting from mail.letters where state = 'queued'",
      );
      const kind = (rows[0]?.waiting ?? 0) < mostWaiting ? this.#random.pick(Object.keys(kinds)) : "signIn";
      await this.#enqueue(client, kind);
      broken = false;
    } finally {
      client.release(broken);
    }
  }

  async #enqueue(client: pg.ClientBase, kind: string): Promise<void> {
    const { many, letter } = kinds[kind] as (typeof kinds)[string];
    const letters = Array.from({ length: this.#random.int(...many) }, () => this.#addressed(letter));
    await client.query("begin");
    await client.query("select chaos.write($1, $2)", [JSON.stringify(letters), kind]);
    await client.query(this.#random.chance(rolledBack) ? "rollback" : "commit");
    this.letters += letters.length;
  }

  #addressed(letter: Letter): Letter {
    return {
      ...letter,
      recipient: `${this.#random.int(1, 1e9)}@school.test`,
      dedupeKey: randomUUID(),
    };
  }

  #interrupted(error: unknown): void {
    if (isAway(error)) this.interrupted++;
    else this.refusals.push(`letters were refused: ${error}`);
  }
}
