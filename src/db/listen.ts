import pg from "pg";
import { pause } from "#lib/pause.ts";
import { emit } from "#telemetry.ts";

/**
 * One LISTEN connection. A lost connection is reopened with backoff and listens again to everything; what was
 * notified meanwhile is lost, so whoever needs it re-reads in `onRestored`. The heartbeat finds half-open sockets,
 * which emit neither an error nor an end.
 */
export class Listener implements AsyncDisposable {
  readonly #url: string;
  readonly #name: string;
  readonly #handlers = new Map<string, (payload: string) => void>();
  readonly #restored: (() => void)[] = [];
  readonly #connected: ((client: pg.Client) => Promise<unknown>)[] = [];
  readonly #stopping = new AbortController();
  #client: pg.Client | undefined;
  #life: Promise<void> = Promise.resolve();

  constructor(url: string, name: string) {
    this.#url = url;
    this.#name = name;
  }

  /** Registers the handler of one pg channel; call it before `start`. */
  listen(channel: string, handler: (payload: string) => void): this {
    this.#handlers.set(channel, handler);
    return this;
  }

  /** Called after each re-LISTEN, never after the first one. */
  onRestored(restored: () => void): this {
    this.#restored.push(restored);
    return this;
  }

  /** Awaited on every connection after its LISTEN; what it holds, such as an advisory lock, lives as long as that. */
  onConnected(connected: (client: pg.Client) => Promise<unknown>): this {
    this.#connected.push(connected);
    return this;
  }

  /** Resolves when LISTEN is live; rejects when the first connection cannot be made. */
  async start(): Promise<void> {
    const client = await this.#connect();
    this.#life = this.#live(client);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort();
    await this.#life;
  }

  async #live(first: pg.Client): Promise<void> {
    let client: pg.Client | undefined = first;
    while (!this.#stopping.signal.aborted) {
      const error: unknown = client ? await this.#beatUntilLost(client) : undefined;
      if (this.#stopping.signal.aborted) break;
      emit("listener:lost", { name: this.#name, error });
      client = await this.#reconnect();
    }
    await this.#client?.end().catch(() => {});
  }

  async #reconnect(): Promise<pg.Client | undefined> {
    const since = performance.now();
    for (let delay = 10; !this.#stopping.signal.aborted; delay = Math.min(delay * 2, 2000)) {
      await pause(delay * (0.5 + Math.random() / 2), this.#stopping.signal);
      const client = await this.#connect().catch(() => undefined);
      if (!client) continue;
      emit("listener:restored", { name: this.#name, ms: performance.now() - since });
      for (const restored of this.#restored) restored();
      return client;
    }
    return undefined;
  }

  async #connect(): Promise<pg.Client> {
    const client = new pg.Client({
      connectionString: this.#url,
      application_name: `howdah:${this.#name}`,
      keepAlive: true,
      connectionTimeoutMillis: 5000,
    });
    client.on("error", () => {}); // #beatUntilLost sees it; without a handler it would end the process
    client.on("notification", ({ channel, payload }) => this.#handlers.get(channel)?.(payload ?? ""));
    try {
      await client.connect();
      for (const channel of this.#handlers.keys())
        await client.query(`listen ${client.escapeIdentifier(channel)}`);
      for (const connected of this.#connected) await connected(client);
    } catch (error) {
      await client.end().catch(() => {});
      throw error;
    }
    this.#client = client;
    return client;
  }

  async #beatUntilLost(client: pg.Client): Promise<unknown> {
    const lost = new AbortController();
    let cause: unknown;
    const lose = (error?: unknown) => {
      cause ??= error;
      lost.abort();
    };
    client.once("error", lose).once("end", lose);
    const over = AbortSignal.any([lost.signal, this.#stopping.signal]);
    while (!over.aborted) {
      await pause(10_000, over);
      if (!over.aborted) await heartbeat(client, over).catch(lose);
    }
    if (lost.signal.aborted) client.end().catch(() => {});
    return cause;
  }
}

async function heartbeat(client: pg.Client, over: AbortSignal): Promise<void> {
  const beat = client.query("select 1 from pg_listening_channels()").then(() => true);
  const answered = await Promise.race([beat, pause(5000, over).then(() => false)]);
  if (!answered && !over.aborted) throw new Error("no answer to the heartbeat within 5 s");
}
