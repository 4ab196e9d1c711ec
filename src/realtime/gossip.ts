import type pg from "pg";
import { Allowance } from "#lib/allowance.ts";
import { atMost } from "#lib/at-most.ts";
import { pause } from "#lib/pause.ts";
import { emit } from "#telemetry.ts";
import type { Broadcast } from "./broadcast.ts";
import { Assembly, envelopesOf } from "./envelopes.ts";
import { merged, type PresenceChange } from "./presence-change.ts";
import type { Room } from "./topic.ts";
import { decode, encode, type Word } from "./wire.ts";

export type GossipHandlers = {
  heard(relay: string, word: Word): void;
  /** A relay left, or was found dead by whoever says so. It may be this one. */
  gone(relay: string): void;
  /** Word of this relay was missed: its members are to be read from the table. */
  missed(relay: string): void;
  /** A change of our own members could not be published. */
  unpublished(): void;
  /** Whether there is no other relay that a broadcast would have to reach. */
  alone(): boolean;
};

type Item =
  | { is: "broadcast"; room: Room; broadcast: Broadcast; bytes: number }
  | { is: "presence"; change: PresenceChange; bytes: 0 }
  | { is: "word"; word: Word; bytes: 0 };

const [burst, gatherMs] = [10, 2];
const maxQueuedBytes = 64_000_000;
const maxAttempts = 8;

/**
 * Word between relays by NOTIFY, in order and at most once: a flush that failed is repeated with the same number,
 * which the others take once. Broadcasts that pile up while the database is away are dropped, as the protocol
 * allows; members are state and are published again.
 */
export class Gossip {
  readonly #relay: string;
  readonly #pool: pg.Pool;
  readonly #handlers: GossipHandlers;
  readonly #assembly: Assembly;
  #queue: Item[] = [];
  #queuedBytes = 0;
  #number = 0;
  readonly #flushes = new Allowance(burst, burst * gatherMs);
  #flushing: Promise<void> | undefined;
  readonly #stopping = new AbortController();
  #closed = false;

  constructor(relay: string, pool: pg.Pool, handlers: GossipHandlers) {
    this.#relay = relay;
    this.#pool = pool;
    this.#handlers = handlers;
    this.#assembly = new Assembly((missedRelay) => handlers.missed(missedRelay));
  }

  broadcast(room: Room, broadcast: Broadcast): void {
    if (this.#handlers.alone()) return;
    const bytes = broadcast.payload.length;
    if (this.#queuedBytes + bytes > maxQueuedBytes) {
      emit("realtime:gossip:dropped", { broadcasts: 1, error: new Error("too much is waiting") });
      return;
    }
    this.#queuedBytes += bytes;
    this.#push({ is: "broadcast", room, broadcast, bytes });
  }

  presence(change: PresenceChange): void {
    this.#push({ is: "presence", change, bytes: 0 });
  }

  say(word: Word): void {
    this.#push({ is: "word", word, bytes: 0 });
  }

  /** What waits to be told. */
  get backlog(): number {
    return this.#queue.length;
  }

  /** Takes one notification. Malformed and own ones are ignored. */
  receive(payload: string): void {
    const gone = /^(\S+) gone$/.exec(payload)?.[1];
    if (gone) this.#handlers.gone(gone);
    else if (!payload.startsWith(this.#relay)) this.#take(payload);
  }

  /** Nothing that was notified before this moment will come any more. */
  restart(): void {
    this.#assembly.reset();
  }

  forget(relay: string): void {
    this.#assembly.forget(relay);
  }

  /** Says goodbye and removes this relay and its members. */
  async retire(): Promise<void> {
    this.#closed = true;
    await atMost(1000, this.#flushing);
    this.#stopping.abort();
    await this.#flushing;
    await this.#pool.query("select realtime.retire($1)", [this.#relay]);
  }

  #take(payload: string): void {
    try {
      const whole = this.#assembly.take(payload);
      if (whole) this.#handlers.heard(whole.relay, decode(whole.relay, whole.body));
    } catch (error) {
      emit("realtime:gossip:failed", { error });
    }
  }

  #push(item: Item): void {
    if (this.#closed) return;
    this.#queue.push(item);
    this.#flushing ??= this.#flush().finally(() => {
      this.#flushing = undefined;
    });
  }

  async #flush(): Promise<void> {
    while (this.#queue.length > 0 && !this.#stopping.signal.aborted) {
      await this.#flushes.taken();
      await this.#publish(this.#takeBatch());
    }
  }

  /** The first of the queue and those after it that can go with it. */
  #takeBatch(): Item[] {
    const kind = this.#queue[0]?.is;
    const others = kind === "word" ? 1 : this.#queue.findIndex(({ is }) => is !== kind);
    const batch = this.#queue.splice(0, others < 0 ? this.#queue.length : others);
    for (const { bytes } of batch) this.#queuedBytes -= bytes;
    return batch;
  }

  async #publish(batch: Item[]): Promise<void> {
    const number = ++this.#number;
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.#query(number, batch);
        return;
      } catch (error) {
        emit("realtime:gossip:failed", { error });
        if (attempt < maxAttempts && !isRefusal(error)) await pause(10 * 2 ** attempt, this.#stopping.signal);
        else return this.#giveUp(batch, error);
        if (this.#stopping.signal.aborted) return;
      }
    }
  }

  async #query(number: number, batch: Item[]): Promise<void> {
    const changes = batch.flatMap((item) => (item.is === "presence" ? [item.change] : []));
    if (changes.length > 0) return this.#publishPresence(number, merged(changes));
    const first = batch[0];
    const broadcasts = batch.filter((item) => item.is === "broadcast");
    const word: Word = first?.is === "word" ? first.word : { is: "broadcasts", broadcasts };
    await this.#pool.query("select realtime.gossip($1)", [envelopesOf(this.#relay, number, encode(word))]);
  }

  async #publishPresence(number: number, change: PresenceChange): Promise<void> {
    const { joins, leaves, held, replaced } = change;
    const envelopes = envelopesOf(this.#relay, number, encode({ is: "presence", joins, leaves, held }));
    const left = leaves === "others" ? 0 : leaves.length;
    const counts = { joins: joins.length, leaves: left, held: held.length };
    await this.#pool.query("select realtime.gossip_presence($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)", [
      ...[this.#relay, envelopes, leaves === "others" ? null : leaves, held, replaced],
      ...[joins.map((m) => m.ref), joins.map((m) => m.room.name), joins.map((m) => m.room.private)],
      ...[joins.map((m) => m.key), joins.map((m) => m.meta), joins.map((m) => m.sub ?? null)],
    ]);
    emit("realtime:presence:published", { ...counts, notifications: envelopes.length });
  }

  #giveUp(batch: Item[], error: unknown): void {
    if (batch.some(({ is }) => is === "presence")) this.#handlers.unpublished();
    else emit("realtime:gossip:dropped", { broadcasts: batch.length, error });
  }
}

/** Bad data and broken constraints (the relay's row is gone): the same again would fail again. */
function isRefusal(error: unknown): boolean {
  const code = (error as { code?: unknown }).code;
  return typeof code === "string" && /^(22|23|42)/.test(code);
}
