import type { Watch } from "./watch.ts";

export type SeatWorld = {
  /** Where relays are open. */
  ports(): number[];
  /** The ids of all messages of a topic after one of them, or of all. */
  history(topic: string, after: string | undefined): Promise<string[]>;
  /** Aborted when everybody has to leave. */
  signal: AbortSignal;
};

/** What a client is given: who it is, what it watches, where the relays are. */
export class Seat {
  readonly place: number;
  readonly name: string;
  readonly token: string;
  readonly apikey: string;
  readonly watches: Watch[];
  /** The room in which it is present. */
  readonly here: string | undefined;
  readonly signal: AbortSignal;
  readonly #byTopic: Map<string, Watch>;
  readonly #world: SeatWorld;

  constructor(
    who: { place: number; token: string; apikey: string },
    watches: Watch[],
    here: string | undefined,
    world: SeatWorld,
  ) {
    this.place = who.place;
    this.name = `client ${who.place}`;
    this.token = who.token;
    this.apikey = who.apikey;
    this.watches = watches;
    this.here = here;
    this.signal = world.signal;
    this.#byTopic = new Map(watches.map((watch) => [watch.topic, watch]));
    this.#world = world;
  }

  watchOf(topic: string): Watch | undefined {
    return this.#byTopic.get(topic);
  }

  /** A port where a relay is open, another one than before if there is one. */
  somewhere(before: number): number {
    const open = this.#world.ports();
    if (before === 0) return open[this.place % open.length] ?? 0;
    const others = open.filter((port) => port !== before);
    return oneOf(others) ?? oneOf(open) ?? before;
  }

  /** All that was to be replayed on this topic has come. */
  replayed(topic: string): void {
    const watch = this.watchOf(topic);
    void watch?.replayed((after) => this.#world.history(topic, after));
  }
}

function oneOf<T>(values: readonly T[]): T | undefined {
  return values[Math.floor(Math.random() * values.length)];
}
