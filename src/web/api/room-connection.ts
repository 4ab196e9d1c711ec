import type { RealtimeChannel, RealtimeClient } from "@supabase/realtime-js";
import { Connection, type ConnectionState } from "./connection.ts";
import type { Person } from "./session.ts";

type Status = "active" | "idle";
export type RoomEvents = {
  state(state: ConnectionState): void;
  /** Whatever the server says on the room's topic. */
  heard(event: string, payload: Record<string, unknown>): void;
  typing(personId: string, name: string): void;
  online(personIds: string[]): void;
};

/** One room's two channels: the messages, on which only the server speaks, and the live one for typing and presence. */
export class RoomConnection {
  readonly #topic: string;
  readonly #person: Person;
  readonly #events: RoomEvents;
  readonly #connection: Connection;
  #people: RealtimeChannel | null = null;
  #status: Status = "active";

  constructor(roomId: string, person: Person, events: RoomEvents) {
    this.#topic = `room:${roomId}`;
    this.#person = person;
    this.#events = events;
    this.#connection = new Connection(
      (client) => this.#join(client),
      (state) => events.state(state),
    );
  }

  sendTyping() {
    if (this.#people?.state !== "joined") return;
    const payload = { personId: this.#person.id, name: this.#person.name };
    void this.#people.send({ type: "broadcast", event: "typing", payload });
  }

  /** Whoever is idle counts as away: mail may tell them what is new. */
  be(status: Status) {
    if (status === this.#status) return;
    this.#status = status;
    if (this.#people?.state === "joined") this.#track(this.#people);
  }

  close() {
    this.#connection.close();
  }

  #join(client: RealtimeClient) {
    this.#joinMessages(client);
    this.#joinPeople(client);
  }

  #joinMessages(client: RealtimeClient) {
    const channel = client.channel(this.#topic, { config: { private: true } });
    channel.on("broadcast", { event: "*" }, ({ event, payload }) => this.#events.heard(event, payload ?? {}));
    channel.subscribe((status) => {
      if (!this.#connection.uses(client)) return;
      if (status === "SUBSCRIBED") this.#connection.live();
      else this.#connection.lost(client, status === "CLOSED");
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
      if (!this.#connection.uses(client)) return;
      if (status === "SUBSCRIBED") this.#track(channel);
      else this.#events.online([]);
      if (status === "CLOSED") this.#connection.openAgainLater();
    });
  }

  #track(channel: RealtimeChannel) {
    void channel.track({ name: this.#person.name, status: this.#status });
  }

  #hearTyping(payload: { personId?: unknown; name?: unknown } | undefined) {
    const { personId, name } = payload ?? {};
    if (typeof personId === "string" && typeof name === "string") this.#events.typing(personId, name);
  }
}
