import type pg from "pg";
import { Listener } from "#db/listen.ts";
import { wakeChannel } from "#db/wake.ts";
import { atMost } from "#lib/at-most.ts";
import { emit } from "#telemetry.ts";
import { Feed } from "./feed.ts";

export type HearingOptions = {
  databaseUrl: string;
  /** Names the connection. */
  name?: string;
  pool: pg.Pool;
  /** Whether LISTEN works on this connection; undefined: found out at the start. */
  listen: boolean | undefined;
  /** Something was committed. */
  woken: () => void;
  /** A word of another relay, or to all of them. */
  heard: (word: string) => void;
  connected: (client: pg.Client) => Promise<unknown>;
  /** Words may have been missed. */
  restored: () => void;
};

type Word = { id: string; word: string; at: Date };

const relayChannel = "howdah_relay";
const echoMs = 2000;

/** How a relay hears of commits and of the other relays: by LISTEN or, where a pooler swallows that, by looking. */
export class Hearing implements AsyncDisposable {
  readonly #options: HearingOptions;
  readonly #listener: Listener;
  readonly #words: Feed<Word>;
  readonly #echo = `echo ${crypto.randomUUID()}`;
  #echoed: () => void = () => {};
  #polls: boolean;

  constructor(options: HearingOptions) {
    this.#options = options;
    this.#polls = options.listen === false;
    this.#listener = new Listener(options.databaseUrl, options.name ?? "relay-listen")
      .listen(wakeChannel, options.woken)
      .listen(relayChannel, (word) => this.#notified(word))
      .onConnected((client) => options.connected(client))
      .onRestored(options.restored);
    this.#words = new Feed(
      options.pool,
      {
        name: "words",
        text: "select * from realtime.words_since($1, $2, $3, $4)",
        ...{ placeOf: ({ id }) => [id], places: 1, most: 1000 },
        deliver: (words) => {
          for (const { word } of words) options.heard(word);
        },
      },
      { polls: () => true },
    );
  }

  get polls(): boolean {
    return this.#polls;
  }

  /** Resolves when nothing is missed any more. */
  async start(): Promise<void> {
    if (!this.#polls) await this.#listen();
    if (!this.#polls) return;
    await this.#options.pool.query("delete from realtime.words where at < now() - interval '1 minute'");
    await this.#words.start();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#listener[Symbol.asyncDispose](), this.#words[Symbol.asyncDispose]()]);
  }

  async #listen(): Promise<void> {
    await this.#listener.start();
    if (this.#options.listen ?? (await this.#hearsItself())) return;
    this.#polls = true;
    await this.#listener[Symbol.asyncDispose]();
    emit("realtime:listen:unavailable", { waitedMs: echoMs });
  }

  async #hearsItself(): Promise<boolean> {
    let echoed = false;
    const echo = new Promise<void>((resolve) => {
      this.#echoed = () => {
        echoed = true;
        resolve();
      };
    });
    await this.#options.pool.query("select pg_notify($1, $2)", [relayChannel, this.#echo]);
    await atMost(echoMs, echo);
    return echoed;
  }

  #notified(word: string): void {
    if (word === this.#echo) this.#echoed();
    else if (!word.startsWith("echo ")) this.#options.heard(word);
  }
}
