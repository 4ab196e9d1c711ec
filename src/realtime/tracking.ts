import { isDeepStrictEqual } from "node:util";
import type { Membership } from "./membership.ts";
import type { Fields } from "./protocol/payloads.ts";
import type { Room } from "./topic.ts";

/** What one channel tracks: at most one entry at a time. */
export class Tracking {
  readonly #membership: Membership;
  readonly #room: Room;
  readonly #key: string;
  readonly #sub: string | undefined;
  #entry: { ref: string; meta: Fields } | undefined;

  /** An empty key gets one made up. `sub`, that of the claims, is the person whose last presence is kept. */
  constructor(membership: Membership, room: Room, key: string, sub: string | undefined) {
    this.#membership = membership;
    this.#room = room;
    this.#key = key || crypto.randomUUID();
    this.#sub = sub;
  }

  /** `json` is the same as `meta`. Tracking the same again changes nothing. */
  track(meta: Fields, json: string): void {
    if (this.#entry && isDeepStrictEqual(this.#entry.meta, meta)) return;
    const ref = this.#membership.track(
      { room: this.#room, key: this.#key, meta: json, sub: this.#sub },
      this.#entry?.ref,
    );
    this.#entry = { ref, meta };
  }

  untrack(): void {
    if (this.#entry) this.#membership.untrack(this.#entry.ref);
    this.#entry = undefined;
  }

  /** The connection was lost: the entry stays for a while, in case the client comes back. */
  lose(): void {
    if (this.#entry) this.#membership.lose(this.#entry.ref);
    this.#entry = undefined;
  }
}
