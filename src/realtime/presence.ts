import { keyOf, type Room } from "./topic.ts";

/** One tracked entry; `meta` is the JSON object the client tracked, `previous` the ref it replaced. */
export type Member = {
  relay: string;
  room: Room;
  ref: string;
  key: string;
  meta: string;
  previous?: string | undefined;
  /** The person, by their token; only the member's own relay knows. */
  sub?: string | undefined;
};

/** Entries of one key in one room are one and the same to those who look on. */
export function placeOf({ room, key }: Member): string {
  return `${key}\0${keyOf(room)}`;
}

/** Who is present where, over all relays. Pure: no clock, no database, no sockets. */
export class Roster {
  readonly #byRef = new Map<string, Member>();
  readonly #byRoom = new Index((member) => keyOf(member.room));
  readonly #byRelay = new Index((member) => member.relay);

  get size(): number {
    return this.#byRef.size;
  }

  get(ref: string): Member | undefined {
    return this.#byRef.get(ref);
  }

  /** False if it is there already. */
  add(member: Member): boolean {
    if (this.#byRef.has(member.ref)) return false;
    this.#byRef.set(member.ref, member);
    this.#byRoom.add(member);
    this.#byRelay.add(member);
    return true;
  }

  remove(ref: string): Member | undefined {
    const member = this.#byRef.get(ref);
    if (!member) return undefined;
    this.#byRef.delete(ref);
    this.#byRoom.delete(member);
    this.#byRelay.delete(member);
    return member;
  }

  relays(): string[] {
    return this.#byRelay.names();
  }

  of(relay: string): Member[] {
    return [...this.#byRelay.at(relay)];
  }

  /** The payload of presence_state, as JSON. */
  state(room: Room): string {
    return byKey(this.in(room));
  }

  in(room: Room): Iterable<Member> {
    return this.#byRoom.at(keyOf(room));
  }
}

/** Members by a name they have in common; each is found by its ref. */
export class Index {
  readonly #nameOf: (member: Member) => string;
  readonly #members = new Map<string, Map<string, Member>>();

  constructor(nameOf: (member: Member) => string) {
    this.#nameOf = nameOf;
  }

  names(): string[] {
    return [...this.#members.keys()];
  }

  at(name: string): Iterable<Member> {
    return this.#members.get(name)?.values() ?? [];
  }

  /** Those that have the name of this one. */
  like(member: Member): Iterable<Member> {
    return this.at(this.#nameOf(member));
  }

  add(member: Member): void {
    const name = this.#nameOf(member);
    const members = this.#members.get(name);
    if (members) members.set(member.ref, member);
    else this.#members.set(name, new Map([[member.ref, member]]));
  }

  delete(member: Member): void {
    const name = this.#nameOf(member);
    const members = this.#members.get(name);
    members?.delete(member.ref);
    if (members?.size === 0) this.#members.delete(name);
  }
}

/** Changes of one room since the last diff; what comes and goes in between is not told. */
export class RoomDiff {
  readonly room: Room;
  readonly #joins = new Map<string, Member>();
  readonly #leaves = new Map<string, Member>();

  constructor(room: Room) {
    this.room = room;
  }

  join(member: Member): void {
    if (!this.#leaves.delete(member.ref)) this.#joins.set(member.ref, member);
  }

  leave(member: Member): void {
    if (!this.#joins.delete(member.ref)) this.#leaves.set(member.ref, member);
  }

  get joins(): Member[] {
    return [...this.#joins.values()];
  }

  get leaves(): Member[] {
    return [...this.#leaves.values()];
  }

  get empty(): boolean {
    return this.#joins.size + this.#leaves.size === 0;
  }

  /** The payload of presence_diff, as JSON. */
  toJson(): string {
    return `{"joins":${byKey(this.#joins.values())},"leaves":${byKey(this.#leaves.values())}}`;
  }
}

function byKey(members: Iterable<Member>): string {
  const metas = new Map<string, string[]>();
  for (const member of members) {
    const stacked = metas.get(member.key);
    if (stacked) stacked.push(metaOf(member));
    else metas.set(member.key, [metaOf(member)]);
  }
  return `{${[...metas].map(([key, list]) => `${JSON.stringify(key)}:{"metas":[${list.join(",")}]}`).join(",")}}`;
}

/** Our fields come last: in JSON the last of two equal keys wins, so a client cannot pass off a ref as its own. */
function metaOf({ meta, ref, previous }: Member): string {
  const own = `"phx_ref":${JSON.stringify(ref)}${previous ? `,"phx_ref_prev":${JSON.stringify(previous)}` : ""}`;
  return meta === "{}" ? `{${own}}` : `${meta.slice(0, -1)},${own}}`;
}
