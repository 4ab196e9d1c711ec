import type pg from "pg";

/** What node-postgres remembers of the statements it has prepared on a connection. */
type Remembers = {
  connection?: Record<"parsedStatements" | "submittedNamedStatements", Record<string, string>>;
};

const most = 100;

/** The statements prepared on one connection: those used last, so that neither side keeps more and more of them. */
export class Prepared {
  readonly #client: pg.PoolClient;
  readonly #names = new Map<string, true>();

  constructor(client: pg.PoolClient) {
    this.#client = client;
  }

  /** It is about to be used; with it goes, if need be, the one that was not used for longest. */
  use(name: string): void {
    if (!this.#names.delete(name) && this.#names.size >= most) this.#forget(this.#names.keys().next().value);
    this.#names.set(name, true);
  }

  #forget(name: string | undefined): void {
    if (name === undefined) return;
    this.#names.delete(name);
    const { connection } = this.#client as unknown as Remembers;
    delete connection?.parsedStatements[name];
    delete connection?.submittedNamedStatements[name];
    this.#client.query(`deallocate ${this.#client.escapeIdentifier(name)}`).catch(() => {});
  }
}
