import { keyOf, type Room } from "./topic.ts";

/** One tracked entry; `meta` is the JSON object the client tracked, `previous` the ref it replaced. */
export type Member = {
  relay: string;
  room: Room;
  ref: string;
  key: string;
  meta: string;
  previous?: string | undefined;
};

/** Who is present where, over all relays. Pure: no clock, no database, no sockets. */
export class Roster {
  readonly #byRef = new Map<string, Member>();
  readonly #byRoom = new Map<string, Map<string, Member>>();

  get size(): number {
    return this.#byRef.size;
  }

  /** False if it is there already. */
  add(member: Member): boolean {
    if (this.#byRef.has(member.ref)) return false;
    this.#byRef.set(member.ref, member);
    const key = keyOf(member.room);
    const members = this.#byRoom.get(key);
    if (members) members.set(member.ref, member);
    else this.#byRoom.set(key, new Map([[member.ref, member]]));
    return true;
  }

  remove(ref: string): Member | undefined {
    const member = this.#byRef.get(ref);
    if (!member) return undefined;
    this.#byRef.delete(ref);
    const key = keyOf(member.room);
    const members = this.#byRoom.get(key);
    members?.delete(ref);
    if (members?.size === 0) this.#byRoom.delete(key);
    return member;
  }

  of(relay: string): Member[] {
    return [...this.#byRef.values()].filter((member) => member.relay === relay);
  }

  remote(self: string): Member[] {
    return [...this.#byRef.values()].filter((member) => member.relay !== self);
  }

  /** The payload of presence_state, as JSON. */
  state(room: Room): string {
    return byKey(this.#byRoom.get(keyOf(room))?.values() ?? []);
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
