import type pg from "pg";
import { emit } from "#telemetry.ts";
import type { Gossip } from "./gossip.ts";
import { type Member, RoomDiff, Roster } from "./presence.ts";
import { keyOf, type Room } from "./topic.ts";
import type { Leaves } from "./wire.ts";

type Word = { joins: Member[]; leaves: Leaves };

const gatherMs = 5;

/**
 * Presence over all relays. Each relay is the only writer of its own members and keeps the whole roster in memory;
 * changes travel by gossip, and the table is the snapshot for a relay that starts or was cut off.
 */
export class Membership implements AsyncDisposable {
  readonly #relay: string;
  readonly #pool: pg.Pool;
  readonly #gossip: Gossip;
  readonly #tell: (room: Room, diff: string) => void;
  readonly #beatMs: number;
  readonly #roster = new Roster();
  readonly #diffs = new Map<string, RoomDiff>();
  readonly #run = Math.random().toString(36).slice(2, 10);
  #refs = 0;
  #flushTimer: NodeJS.Timeout | undefined;
  #beatTimer: NodeJS.Timeout | undefined;
  #beating: Promise<boolean> | undefined;
  #held: { relay: string; word: Word }[] | undefined;
  #rereadTimer: NodeJS.Timeout | undefined;
  #dirty = false;
  #stopped = false;

  constructor(
    relay: string,
    pool: pg.Pool,
    gossip: Gossip,
    tell: (room: Room, diff: string) => void,
    beatMs = 5000,
  ) {
    this.#beatMs = beatMs;
    this.#relay = relay;
    this.#pool = pool;
    this.#gossip = gossip;
    this.#tell = tell;
  }

  get size(): number {
    return this.#roster.size;
  }

  /** Call it once gossip is listened to: word that comes while the table is read is applied after it. */
  async start(): Promise<void> {
    this.#held = [];
    await this.#beat();
    await this.#read();
    this.#beatTimer = setInterval(() => this.#tryToBeat(), this.#beatMs);
    this.#beatTimer.unref();
  }

  track(room: Room, key: string, meta: string, previous: string | undefined): string {
    const ref = `${this.#run}-${(++this.#refs).toString(36)}`;
    this.#add({ relay: this.#relay, room, ref, key, meta, previous });
    if (previous !== undefined) this.#remove(previous);
    return ref;
  }

  untrack(ref: string): void {
    this.#remove(ref);
  }

  /** The payload of presence_state; members of the room are told first what they do not know yet. */
  state(room: Room): string {
    const diff = this.#diffs.get(keyOf(room));
    if (diff) this.#flush();
    return this.#roster.state(room);
  }

  heard(relay: string, word: Word): void {
    if (this.#held) this.#held.push({ relay, word });
    else this.#apply(relay, word);
  }

  /** A relay said goodbye or was found dead: its members leave, once. */
  bury(relay: string): void {
    const members = this.#roster.of(relay);
    this.#gossip.forget(relay);
    for (const { ref } of members) this.#remove(ref);
    if (this.#held) this.#held = this.#held.filter((held) => held.relay !== relay);
    emit("realtime:relay:buried", { relay, members: members.length });
  }

  /**
   * Word may have been missed. If the database lost the tables (they are unlogged), the other relays need until
   * their next beat to publish their members again; reading sooner would make everybody leave and come back.
   */
  async resync(): Promise<void> {
    this.#held ??= [];
    const lost = await this.#tryToBeat();
    clearTimeout(this.#rereadTimer);
    this.#rereadTimer = setTimeout(() => this.#tryToRead(), lost ? this.#beatMs * 1.5 : 0);
    this.#rereadTimer.unref();
  }

  /** A change of our own could not be published: everything is published anew with the next beat. */
  unpublished(): void {
    this.#dirty = true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#beatTimer);
    clearTimeout(this.#flushTimer);
    clearTimeout(this.#rereadTimer);
    await this.#beating?.catch(() => {});
  }

  #apply(relay: string, { joins, leaves }: Word): void {
    for (const member of joins) this.#add(member);
    for (const ref of leaves === "others" ? this.#othersOf(relay, joins) : leaves) this.#remove(ref);
  }

  #othersOf(relay: string, joins: Member[]): string[] {
    const refs = new Set(joins.map(({ ref }) => ref));
    return this.#roster.of(relay).flatMap(({ ref }) => (refs.has(ref) ? [] : [ref]));
  }

  #add(member: Member): void {
    if (this.#roster.add(member)) this.#diff(member.room).join(member);
  }

  #remove(ref: string): void {
    const member = this.#roster.remove(ref);
    if (member) this.#diff(member.room).leave(member);
  }

  #diff(room: Room): RoomDiff {
    this.#flushTimer ??= setTimeout(() => this.#flush(), gatherMs);
    const key = keyOf(room);
    const diff = this.#diffs.get(key) ?? new RoomDiff(room);
    this.#diffs.set(key, diff);
    return diff;
  }

  #flush(): void {
    clearTimeout(this.#flushTimer);
    this.#flushTimer = undefined;
    const diffs = [...this.#diffs.values()];
    this.#diffs.clear();
    const own = (member: Member) => member.relay === this.#relay;
    const joins = diffs.flatMap((diff) => diff.joins.filter(own));
    const leaves = diffs.flatMap((diff) => diff.leaves.filter(own).map(({ ref }) => ref));
    if (joins.length + leaves.length > 0) this.#gossip.presence(joins, leaves);
    for (const diff of diffs) {
      if (diff.joins.length + diff.leaves.length > 0) this.#tell(diff.room, diff.toJson());
    }
  }

  /** True if the database did not know this relay any more. */
  async #tryToBeat(): Promise<boolean> {
    if (this.#stopped) return false;
    this.#beating ??= this.#beat().finally(() => {
      this.#beating = undefined;
    });
    return this.#beating.catch((error: unknown) => {
      emit("realtime:relay:beat-failed", { error });
      return false;
    });
  }

  async #beat(): Promise<boolean> {
    // Only those known before the question: a relay that starts meanwhile is not in its answer and not dead.
    const known = new Set(this.#roster.remote(this.#relay).map(({ relay }) => relay));
    const text = "select * from realtime.beat($1)";
    const { rows } = await this.#pool.query<{ fresh: boolean; live: string[] }>(text, [this.#relay]);
    const { fresh = false, live = [] } = rows[0] ?? {};
    if (fresh || this.#dirty) this.#republish();
    if (!fresh) for (const relay of known) if (!live.includes(relay)) this.bury(relay);
    return fresh;
  }

  #republish(): void {
    this.#dirty = false;
    this.#gossip.presence(this.#roster.of(this.#relay), "others");
  }

  #tryToRead(): void {
    this.#read().catch((error: unknown) => {
      if (this.#stopped) return;
      emit("realtime:relay:read-failed", { error });
      this.#rereadTimer = setTimeout(() => this.#tryToRead(), 500);
      this.#rereadTimer.unref();
    });
  }

  async #read(): Promise<void> {
    const { rows } = await this.#pool.query<Omit<Member, "room"> & { topic: string; private: boolean }>(
      "select relay_id as relay, topic, private, ref, key, meta from realtime.presence where relay_id <> $1",
      [this.#relay],
    );
    const there = rows.map(({ topic, private: isPrivate, ...rest }) => ({
      ...rest,
      room: { name: topic, private: isPrivate },
    }));
    const refs = new Set(there.map(({ ref }) => ref));
    for (const { ref } of this.#roster.remote(this.#relay)) if (!refs.has(ref)) this.#remove(ref);
    for (const member of there) this.#add(member);
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const { relay, word } of held) this.#apply(relay, word);
  }
}
