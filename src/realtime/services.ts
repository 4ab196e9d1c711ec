import type { Claims } from "#auth/claims.ts";
import type { Permissions } from "./authorization.ts";
import type { Broadcast } from "./broadcast.ts";
import type { Changes } from "./changes/changes.ts";
import type { Channel } from "./channel.ts";
import type { Keepable } from "./keep.ts";
import type { Limits } from "./limits.ts";
import type { Membership } from "./membership.ts";
import type { Stored } from "./messages.ts";
import type { Rooms } from "./rooms.ts";
import type { Room } from "./topic.ts";

/** What a socket and its channels need of their relay. */
export type Services = {
  readonly limits: Limits;
  readonly rooms: Rooms;
  readonly membership: Membership;
  readonly changes: Changes;
  mayJoin(): boolean;
  verify(token: string): Promise<Claims>;
  authorize(room: Room, claims: Claims, headers: Record<string, string>): Promise<Permissions>;
  replay(room: Room, since: Date, limit: number): Promise<Stored[]>;
  /** To the channels here, and by gossip to those of the other relays. */
  broadcast(room: Room, broadcast: Broadcast, except?: Channel): void;
  /** Likewise, and then into the log for replay; its id. */
  persist(room: Room, broadcast: Keepable, except?: Channel): Promise<string>;
};
