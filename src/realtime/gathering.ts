import { type Member, RoomDiff } from "./presence.ts";
import type { PresenceChange } from "./presence-change.ts";
import { keyOf, type Room } from "./topic.ts";

const gatherMs = 5;

/** Gathers for 5 ms what changes among the members, so that a room hears of many comings and goings in one diff. */
export class Gathering implements Disposable {
  readonly #relay: string;
  readonly #publish: (change: PresenceChange) => void;
  readonly #tell: (room: Room, diff: string) => void;
  readonly #diffs = new Map<string, RoomDiff>();
  #held: string[] = [];
  #replaced: string[] = [];
  #timer: NodeJS.Timeout | undefined;

  /** `publish` takes what concerns the members of `relay`, `tell` what the clients here are to hear. */
  constructor(
    relay: string,
    publish: (change: PresenceChange) => void,
    tell: (room: Room, diff: string) => void,
  ) {
    this.#relay = relay;
    this.#publish = publish;
    this.#tell = tell;
  }

  join(member: Member): void {
    this.#diff(member.room).join(member);
  }

  leave(member: Member): void {
    this.#diff(member.room).leave(member);
  }

  hold(ref: string): void {
    this.#held.push(ref);
    this.#flushSoon();
  }

  /** Takes a member of a relay that is gone out of the table. */
  replace(ref: string): void {
    this.#replaced.push(ref);
    this.#flushSoon();
  }

  has(room: Room): boolean {
    return this.#diffs.has(keyOf(room));
  }

  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const diffs = [...this.#diffs.values()];
    this.#diffs.clear();
    this.#publishOwn(diffs);
    for (const diff of diffs) if (!diff.empty) this.#tell(diff.room, diff.toJson());
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }

  #diff(room: Room): RoomDiff {
    this.#flushSoon();
    const key = keyOf(room);
    const diff = this.#diffs.get(key) ?? new RoomDiff(room);
    this.#diffs.set(key, diff);
    return diff;
  }

  #flushSoon(): void {
    this.#timer ??= setTimeout(() => this.flush(), gatherMs);
  }

  #publishOwn(diffs: RoomDiff[]): void {
    const own = (member: Member) => member.relay === this.#relay;
    const change = {
      joins: diffs.flatMap((diff) => diff.joins.filter(own)),
      leaves: diffs.flatMap((diff) => diff.leaves.filter(own).map(({ ref }) => ref)),
      held: this.#held,
      replaced: this.#replaced,
    };
    [this.#held, this.#replaced] = [[], []];
    if (Object.values(change).some((list) => list.length > 0)) this.#publish(change);
  }
}
