import { RealtimeClient } from "@supabase/realtime-js";
import { loadConfig } from "./config.ts";
import { freshToken } from "./session.ts";

export type ConnectionState = "connecting" | "live" | "reconnecting";

const MAX_BACKOFF_MS = 10_000;

/**
 * A client of the relay that is opened at once, opened again for as long as it is wanted, and ended by `close()`. `join`
 * opens the channels on every new client and tells `live` and `lost` how the one that counts fares.
 */
export class Connection {
  readonly #join: (client: RealtimeClient) => void;
  readonly #changed: (state: ConnectionState) => void;
  #client: RealtimeClient | null = null;
  #state: ConnectionState = "connecting";
  #attempts = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #life = 0;
  #closed = false;

  constructor(join: (client: RealtimeClient) => void, changed: (state: ConnectionState) => void = () => {}) {
    this.#join = join;
    this.#changed = changed;
    window.addEventListener("online", this.#hurry);
    void this.#open();
  }

  /** Whether this client is still the one in use: an old one's last words are not ours. */
  uses(client: RealtimeClient): boolean {
    return client === this.#client;
  }

  live() {
    this.#attempts = 0;
    this.#change("live");
  }

  // The library joins again by itself after an error, but never after the server has closed the channel (token at
  // its end, too many messages): then everything is opened anew.
  lost(client: RealtimeClient, closedForGood: boolean) {
    if (this.#state === "live") this.#change("reconnecting");
    if (closedForGood) this.openAgainLater();
    else void client.setAuth();
  }

  openAgainLater() {
    if (this.#closed) return;
    this.#drop();
    this.#timer = setTimeout(() => void this.#open(), backoff(this.#attempts++));
  }

  close() {
    this.#closed = true;
    window.removeEventListener("online", this.#hurry);
    this.#drop();
  }

  async #open() {
    const life = this.#life;
    try {
      const { apikey } = await loadConfig();
      const client = connectTo(apikey);
      // The token must be known before the join is written: a private channel refuses a join without one.
      await client.setAuth();
      if (life !== this.#life) return;
      this.#client = client;
      this.#join(client);
    } catch {
      if (life === this.#life) this.openAgainLater();
    }
  }

  readonly #hurry = () => {
    if (this.#state === "live") return;
    this.#drop();
    void this.#open();
  };

  #drop() {
    this.#life++;
    clearTimeout(this.#timer);
    const client = this.#client;
    this.#client = null;
    void client?.removeAllChannels();
  }

  #change(state: ConnectionState) {
    this.#state = state;
    this.#changed(state);
  }
}

function connectTo(apikey: string): RealtimeClient {
  const url = `${window.location.origin.replace(/^http/, "ws")}/realtime/v1`;
  return new RealtimeClient(url, { params: { apikey }, accessToken: freshToken, reconnectAfterMs: backoff });
}

function backoff(attempts: number): number {
  return Math.min(MAX_BACKOFF_MS, 300 * 2 ** attempts) * (0.75 + Math.random() / 2);
}
