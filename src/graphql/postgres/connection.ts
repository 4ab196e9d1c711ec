import type pg from "pg";
import { Prepared } from "./prepared.ts";

export type Settings = Readonly<Record<string, string | null | undefined>>;

export type Statement = {
  text: string;
  values?: unknown[];
  name?: string | undefined;
  arrayMode?: boolean | undefined;
};

type Pipelined = pg.PoolClient & {
  pipeline: boolean;
  connection: { stream: { cork(): void; uncork(): void } };
};

// Compiling a statement takes longer than any of ours runs. What the API reads is few rows by their keys, mostly in memory:
// at the price of a disk that seeks, the planner would rather ask the policies of a whole table.
export const session = "set jit = off; set random_page_cost = 1.1; set statement_timeout = 5000";

const known = new WeakMap<pg.PoolClient, Connection>();

/** Of the API's pool; what it sends in one turn travels together, and is answered in order. */
export class Connection {
  readonly client: Pipelined;
  readonly #prepared: Prepared;

  static of(client: pg.PoolClient): Connection {
    const connection = known.get(client) ?? new Connection(client);
    known.set(client, connection);
    return connection;
  }

  private constructor(client: pg.PoolClient) {
    this.client = client as Pipelined;
    this.client.pipeline = true;
    this.#prepared = new Prepared(client);
    this.client.query(session).catch(() => {});
  }

  run({ text, values, name, arrayMode }: Statement): Promise<pg.QueryResult> {
    const query = { text, values, ...(arrayMode && { rowMode: "array" }) } as pg.QueryConfig;
    if (name === undefined) return this.client.query(query);
    this.#prepared.use(name);
    return this.client.query({ ...query, name });
  }

  /** In a transaction of its own with these settings, on one way there and back. */
  async runAlone(statement: Statement, settings: Settings): Promise<pg.QueryResult> {
    const { stream } = this.client.connection;
    stream.cork();
    const answers = [this.begin(settings), this.run(statement), this.client.query("commit")] as const;
    stream.uncork();
    const [began, ran, ended] = await Promise.allSettled(answers);
    if (began.status === "rejected") throw began.reason;
    if (ran.status === "rejected") throw ran.reason;
    if (ended.status === "rejected") throw ended.reason;
    return ran.value;
  }

  /** Not awaited by those who send more at once: when it fails, so does what follows. */
  begin(settings: Settings): Promise<unknown> {
    const list = Object.entries(settings)
      .filter(([, value]) => value != null)
      .map(([name, value]) => `set_config(${this.#quote(name)}, ${this.#quote(`${value}`)}, true)`);
    return this.client.query(list.length > 0 ? `begin; select ${list}` : "begin");
  }

  #quote(text: string): string {
    return this.client.escapeLiteral(text);
  }
}
