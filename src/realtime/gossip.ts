import type pg from "pg";
import { atMost } from "#lib/at-most.ts";
import { pause } from "#lib/pause.ts";
import { emit } from "#telemetry.ts";
import type { Broadcast } from "./broadcast.ts";
import { Assembly, envelopesOf } from "./envelopes.ts";
import type { Member } from "./presence.ts";
import type { Room } from "./topic.ts";
import { decode, encode, type Leaves, type Word } from "./wire.ts";

export type GossipHandlers = {
  heard(relay: string, word: Word): void;
  /** Word of this relay was missed: its members are to be read from the table. */
  missed(relay: string): void;
  /** A change of our own members could not be published. */
  unpublished(): void;
};

type Item =
  | { room: Room; broadcast: Broadcast; bytes: number }
  | { joins: Member[]; leaves: Leaves; bytes: 0 };

const gatherMs = 2;
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
  #flushedAt = 0;
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
    const bytes = broadcast.payload.length;
    if (this.#queuedBytes + bytes > maxQueuedBytes) {
      emit("realtime:gossip:dropped", { broadcasts: 1, error: new Error("too much is waiting") });
      return;
    }
    this.#queuedBytes += bytes;
    this.#push({ room, broadcast, bytes });
  }

  presence(joins: Member[], leaves: Leaves): void {
    this.#push({ joins, leaves, bytes: 0 });
  }

  /** Takes one notification. Malformed and own ones are ignored. */
  receive(payload: string): void {
    if (payload.startsWith(this.#relay)) return;
    try {
      const whole = this.#assembly.take(payload);
      if (whole) this.#handlers.heard(whole.relay, decode(whole.relay, whole.body));
    } catch (error) {
      emit("realtime:gossip:failed", { error });
    }
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
    const envelopes = envelopesOf(this.#relay, ++this.#number, encode({ is: "gone" }));
    await this.#pool.query("select realtime.retire($1, $2)", [this.#relay, envelopes]);
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
      await pause(Math.max(0, this.#flushedAt + gatherMs - performance.now()));
      this.#flushedAt = performance.now();
      await this.#publish(this.#takeBatch());
    }
  }

  #takeBatch(): Item[] {
    const first = this.#queue[0] as Item;
    const ofAKind = this.#queue.findIndex((item) => "room" in item !== "room" in first);
    const batch = this.#queue.splice(0, "room" in first ? (ofAKind < 0 ? this.#queue.length : ofAKind) : 1);
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
    const presence = batch[0];
    if (presence && "joins" in presence) {
      const { joins, leaves } = presence;
      const envelopes = envelopesOf(this.#relay, number, encode({ is: "presence", joins, leaves }));
      const columns = [
        joins.map((m) => m.ref),
        joins.map((m) => m.room.name),
        joins.map((m) => m.room.private),
      ];
      const values = [...columns, joins.map((m) => m.key), joins.map((m) => m.meta)];
      const text = "select realtime.gossip_presence($1, $2, $3, $4, $5, $6, $7, $8)";
      await this.#pool.query(text, [this.#relay, envelopes, leaves === "others" ? null : leaves, ...values]);
    } else {
      const broadcasts = batch.filter((item) => "room" in item);
      const envelopes = envelopesOf(this.#relay, number, encode({ is: "broadcasts", broadcasts }));
      await this.#pool.query("select realtime.gossip($1)", [envelopes]);
    }
  }

  #giveUp(batch: Item[], error: unknown): void {
    if (batch.some((item) => "joins" in item)) this.#handlers.unpublished();
    else emit("realtime:gossip:dropped", { broadcasts: batch.length, error });
  }
}

/** Bad data and broken constraints (the relay's row is gone): the same again would fail again. */
function isRefusal(error: unknown): boolean {
  const code = (error as { code?: unknown }).code;
  return typeof code === "string" && /^(22|23|42)/.test(code);
}
