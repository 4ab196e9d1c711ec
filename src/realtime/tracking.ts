import { isDeepStrictEqual } from "node:util";
import type { Membership } from "./membership.ts";
import type { Fields } from "./protocol/payloads.ts";
import type { Room } from "./topic.ts";

/** What one channel tracks: at most one entry at a time. */
export class Tracking {
  readonly #membership: Membership;
  readonly #room: Room;
  readonly #key: string;
  #entry: { ref: string; meta: Fields } | undefined;

  /** An empty key gets one made up. */
  constructor(membership: Membership, room: Room, key: string) {
    this.#membership = membership;
    this.#room = room;
    this.#key = key || crypto.randomUUID();
  }

  /** `json` is the same as `meta`. Tracking the same again changes nothing. */
  track(meta: Fields, json: string): void {
    if (this.#entry && isDeepStrictEqual(this.#entry.meta, meta)) return;
    const ref = this.#membership.track(this.#room, this.#key, json, this.#entry?.ref);
    this.#entry = { ref, meta };
  }

  untrack(): void {
    if (this.#entry) this.#membership.untrack(this.#entry.ref);
    this.#entry = undefined;
  }
}
