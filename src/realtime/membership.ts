import type pg from "pg";
import { pause } from "#lib/pause.ts";
import { emit } from "#telemetry.ts";
import { Gathering } from "./gathering.ts";
import type { Gossip } from "./gossip.ts";
import { Holds } from "./holds.ts";
import { type Member, placeOf, Roster } from "./presence.ts";
import { type Answer, Pulse, type PulseOptions } from "./pulse.ts";
import { CatchUp, type Row, readMembers } from "./snapshot.ts";
import { keyOf, type Room } from "./topic.ts";
import type { PresenceWord, Word } from "./wire.ts";

const againMs = 100;
const beatsPerLook = 12;

/**
 * Presence over all relays. Each relay is the only writer of its own members and keeps the whole roster in memory;
 * changes travel by gossip, and the table is the snapshot for a relay that starts or was cut off.
 */
export class Membership implements AsyncDisposable {
  readonly #relay: string;
  readonly #pool: pg.Pool;
  readonly #gossip: Gossip;
  readonly #gathering: Gathering;
  readonly #roster = new Roster();
  readonly #holds = new Holds((member) => this.#remove(member.ref));
  readonly #pulse: Pulse;
  readonly #catchUp: CatchUp<PresenceWord>;
  /** Relays that are gone, whose members are held back. */
  readonly #departed = new Set<string>();
  readonly #run = Math.random().toString(36).slice(2, 10);
  readonly #stopping = new AbortController();
  #refs = 0;
  #beats = 0;
  #dirty = false;

  /** `tell` takes what the clients of a room are to hear. */
  constructor(
    relay: string,
    pool: pg.Pool,
    gossip: Gossip,
    tell: (room: Room, diff: string) => void,
    options: PulseOptions = {},
  ) {
    this.#relay = relay;
    this.#pool = pool;
    this.#gossip = gossip;
    this.#gathering = new Gathering(relay, (change) => gossip.presence(change), tell);
    this.#pulse = new Pulse(relay, pool, gossip, () => this.#asking(), options);
    this.#catchUp = new CatchUp(
      (relays) => this.#read(relays),
      (from, word) => this.#apply(from, word),
    );
  }

  /** Of all relays. */
  get size(): number {
    return this.#roster.size;
  }

  /** Of this relay. */
  get ownSize(): number {
    return this.#roster.of(this.#relay).length;
  }

  /** Whether no other relay lives. */
  get alone(): boolean {
    return this.#pulse.alone;
  }

  /** Call it on every LISTEN connection of gossip. */
  lock(client: pg.Client): Promise<void> {
    return this.#pulse.lock(client);
  }

  /** Call it once gossip is listened to: word that comes while the table is read is applied after it. */
  async start(): Promise<void> {
    this.#catchUp.mark();
    await this.#pulse.start();
    await this.#catchUp.readOnce();
  }

  /** Adds an entry in the place of `previous`, and of one that is held back under its key. Returns its ref. */
  track(entry: Pick<Member, "room" | "key" | "meta" | "sub">, previous: string | undefined): string {
    const ref = `${this.#run}-${(++this.#refs).toString(36)}`;
    this.#add({ ...entry, relay: this.#relay, ref, previous });
    if (previous !== undefined) this.#remove(previous);
    return ref;
  }

  untrack(ref: string): void {
    this.#remove(ref);
  }

  /** Its connection was lost: unless it comes back in time, the entry leaves. */
  lose(ref: string): void {
    const { holdMs } = this.#pulse.options;
    if (holdMs === 0) this.#remove(ref);
    else if (this.#hold(ref, holdMs)) this.#gathering.hold(ref);
  }

  /** The payload of presence_state; members of the room are told first what they do not know yet. */
  state(room: Room): string {
    if (this.#gathering.has(room)) this.#gathering.flush();
    return this.#roster.state(room);
  }

  heard(relay: string, word: Exclude<Word, { is: "broadcasts" }>): void {
    if (word.is === "hello") this.#pulse.heardHello(relay);
    else if (word.is === "presence") this.#catchUp.heard(relay, word);
    else if (word.to === this.#relay) this.#pulse.heardOf(relay);
  }

  /** A relay said goodbye or was found dead. If it is this one, that is a mistake, and it enters anew. */
  gone(relay: string): void {
    if (relay === this.#relay) void this.#pulse.beat();
    else this.#bury(relay);
  }

  /** Word of one relay was missed, or perhaps of any. */
  missed(relay?: string): void {
    this.#catchUp.mark(relay);
    this.#catchUp.readSoon();
  }

  /** Word of any relay may have been missed. Read before the table is whole, everybody would leave and come back. */
  async resync(): Promise<void> {
    this.#catchUp.mark();
    while (!(await this.#pulse.beat()) && !this.#stopping.signal.aborted)
      await pause(againMs, this.#stopping.signal);
    this.#catchUp.readSoon(this.#pulse.settlesInMs);
  }

  /** A change of our own could not be published: everything is published anew with the next beat. */
  unpublished(): void {
    this.#dirty = true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort();
    this.#gathering[Symbol.dispose]();
    this.#holds[Symbol.dispose]();
    this.#catchUp[Symbol.dispose]();
    await this.#pulse[Symbol.asyncDispose]();
  }

  #apply(relay: string, { joins, leaves, held }: PresenceWord): void {
    this.#departed.delete(relay);
    for (const member of joins) this.#add(member);
    for (const ref of held) this.#hold(ref);
    for (const ref of leaves === "others" ? this.#othersOf(relay, joins) : leaves) this.#remove(ref);
  }

  #othersOf(relay: string, joins: Member[]): string[] {
    const refs = new Set(joins.map(({ ref }) => ref));
    return this.#roster.of(relay).flatMap(({ ref }) => (refs.has(ref) ? [] : [ref]));
  }

  #add(member: Member): void {
    if (this.#roster.add(member)) this.#enterRoom(member);
    else this.#holds.release(member.ref);
  }

  #enterRoom(member: Member): void {
    this.#gathering.join(member);
    const before = this.#holds.placeFor(member);
    if (!before) return;
    this.#remove(before.ref);
    if (member.relay === this.#relay && this.#departed.has(before.relay)) this.#gathering.replace(before.ref);
  }

  #remove(ref: string): void {
    this.#holds.release(ref);
    const member = this.#roster.remove(ref);
    if (member) this.#gathering.leave(member);
  }

  #hold(ref: string, ms?: number): boolean {
    const member = this.#roster.get(ref);
    if (member) this.#holds.hold(member, ms);
    return member !== undefined;
  }

  /** Its members are held back, but for those who are there by another connection too: they are not missed. */
  #bury(relay: string): void {
    if (this.#departed.has(relay)) return;
    this.#departed.add(relay);
    this.#pulse.heardOf(relay);
    this.#gossip.forget(relay);
    this.#catchUp.forget(relay);
    const members = this.#roster.of(relay);
    const there = this.#placesBeside(relay, members);
    for (const member of members) {
      if (there.has(placeOf(member))) this.#remove(member.ref);
      else this.#holds.hold(member, this.#pulse.options.holdMs);
    }
    emit("realtime:relay:buried", { relay, members: members.length });
  }

  #placesBeside(relay: string, members: Member[]): Set<string> {
    const rooms = new Map(members.map(({ room }) => [keyOf(room), room]));
    const all = [...rooms.values()].flatMap((room) => [...this.#roster.in(room)]);
    return new Set(all.filter((m) => m.relay !== relay && !this.#holds.has(m.ref)).map(placeOf));
  }

  /** Only those known before the question: a relay that starts meanwhile is not in its answer and not dead. */
  #asking(): (answer: Answer) => void {
    const known = this.#roster.relays().filter((relay) => relay !== this.#relay);
    const departed = [...this.#departed];
    return ({ fresh, live }) => {
      if (fresh || this.#dirty) this.#republish();
      if (++this.#beats % beatsPerLook === 0 && !fresh) this.missed(); // no ghost outlives a minute
      for (const relay of fresh ? [] : known) if (!live.includes(relay)) this.#bury(relay);
      for (const relay of departed) {
        if (live.includes(relay)) this.missed(relay);
        if (live.includes(relay) || !known.includes(relay)) this.#departed.delete(relay);
      }
    };
  }

  #republish(): void {
    this.#dirty = false;
    const joins = this.#roster.of(this.#relay);
    const held = joins.flatMap(({ ref }) => (this.#holds.has(ref) ? [ref] : []));
    this.#gossip.presence({ joins, leaves: "others", held, replaced: [] });
  }

  async #read(relays: string[] | undefined): Promise<() => void> {
    const rows = await readMembers(this.#pool, this.#relay, relays);
    return () => this.#enter(rows, relays ?? this.#roster.relays());
  }

  #enter(rows: Row[], relays: string[]): void {
    const { holdMs } = this.#pulse.options;
    const there = rows.filter(({ orphanMs = 0 }) => orphanMs < holdMs);
    const refs = new Set(there.map(({ ref }) => ref));
    for (const relay of relays) {
      if (relay === this.#relay) continue;
      for (const { ref } of this.#roster.of(relay)) if (!refs.has(ref)) this.#remove(ref);
    }
    for (const { held, orphanMs, ...member } of there) this.#add(member);
    for (const { ref, relay, held, orphanMs } of there) {
      if (orphanMs !== undefined) this.#departed.add(relay);
      if (held) this.#hold(ref, orphanMs === undefined ? undefined : holdMs - orphanMs);
    }
  }
}
