import { type RealtimeChannel, RealtimeClient } from "@supabase/realtime-js";
import { loadConfig } from "./config.ts";
import { messageFromBroadcast, type StoredMessage } from "./messages.ts";
import { freshToken, type Person } from "./session.ts";

export type ConnectionState = "connecting" | "live" | "reconnecting";
export type RoomEvents = {
  state(state: ConnectionState): void;
  message(message: StoredMessage): void;
  typing(personId: string, name: string): void;
  online(personIds: string[]): void;
};

const MAX_BACKOFF_MS = 10_000;

/**
 * One room's two channels: the messages, on which only the server speaks, and the live one for typing and presence.
 * Opened at once, opened again for as long as they are wanted, ended by `close()`.
 */
export class RoomConnection {
  readonly #topic: string;
  readonly #person: Person;
  readonly #events: RoomEvents;
  #client: RealtimeClient | null = null;
  #messages: RealtimeChannel | null = null;
  #people: RealtimeChannel | null = null;
  #state: ConnectionState = "connecting";
  #attempts = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #life = 0;
  #closed = false;

  constructor(roomId: string, person: Person, events: RoomEvents) {
    this.#topic = `room:${roomId}`;
    this.#person = person;
    this.#events = events;
    window.addEventListener("online", this.#hurry);
    void this.#open();
  }

  sendTyping() {
    if (this.#people?.state !== "joined") return;
    const payload = { personId: this.#person.id, name: this.#person.name };
    void this.#people.send({ type: "broadcast", event: "typing", payload });
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
      this.#joinMessages(client);
      this.#joinPeople(client);
    } catch {
      if (life === this.#life) this.#openAgainLater();
    }
  }

  #joinMessages(client: RealtimeClient) {
    const channel = client.channel(this.#topic, { config: { private: true } });
    this.#messages = channel;
    channel.on("broadcast", { event: "message" }, ({ payload }) => this.#receive(payload));
    channel.subscribe((status) => {
      if (channel !== this.#messages) return;
      if (status === "SUBSCRIBED") this.#live();
      else this.#lost(client, status === "CLOSED");
    });
  }

  #joinPeople(client: RealtimeClient) {
    const presence = { key: this.#person.id };
    const channel = client.channel(`${this.#topic}:live`, { config: { private: true, presence } });
    this.#people = channel;
    channel
      .on("broadcast", { event: "typing" }, ({ payload }) => this.#hearTyping(payload))
      .on("presence", { event: "sync" }, () => this.#events.online(Object.keys(channel.presenceState())));
    channel.subscribe((status) => {
      if (channel !== this.#people) return;
      if (status === "SUBSCRIBED") void channel.track({ name: this.#person.name });
      else this.#events.online([]);
      if (status === "CLOSED") this.#openAgainLater();
    });
  }

  #live() {
    this.#attempts = 0;
    this.#change("live");
  }

  // The library joins again by itself after an error, but never after the server has closed the channel (token at
  // its end, too many messages): then everything is opened anew.
  #lost(client: RealtimeClient, closedForGood: boolean) {
    if (this.#state === "live") this.#change("reconnecting");
    if (closedForGood) this.#openAgainLater();
    else void client.setAuth();
  }

  #openAgainLater() {
    if (this.#closed) return;
    this.#drop();
    this.#timer = setTimeout(() => void this.#open(), backoff(this.#attempts++));
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
    this.#messages = null;
    this.#people = null;
    void client?.removeAllChannels();
  }

  #receive(payload: unknown) {
    const message = messageFromBroadcast(payload);
    if (message) this.#events.message(message);
  }

  #hearTyping(payload: { personId?: unknown; name?: unknown } | undefined) {
    const { personId, name } = payload ?? {};
    if (typeof personId === "string" && typeof name === "string") this.#events.typing(personId, name);
  }

  #change(state: ConnectionState) {
    this.#state = state;
    this.#events.state(state);
  }
}

function connectTo(apikey: string): RealtimeClient {
  const url = `${window.location.origin.replace(/^http/, "ws")}/realtime/v1`;
  return new RealtimeClient(url, { params: { apikey }, accessToken: freshToken, reconnectAfterMs: backoff });
}

function backoff(attempts: number): number {
  return Math.min(MAX_BACKOFF_MS, 300 * 2 ** attempts) * (0.75 + Math.random() / 2);
}
