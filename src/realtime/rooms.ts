import { type Broadcast, framedBroadcast, framedEvent } from "./broadcast.ts";
import type { Channel } from "./channel.ts";
import { keyOf, type Room } from "./topic.ts";

/** The channels of this relay by room. */
export class Rooms {
  readonly #rooms = new Map<string, Set<Channel>>();

  enter(channel: Channel): void {
    const key = keyOf(channel.room);
    const channels = this.#rooms.get(key);
    if (channels) channels.add(channel);
    else this.#rooms.set(key, new Set([channel]));
  }

  leave(channel: Channel): void {
    const key = keyOf(channel.room);
    const channels = this.#rooms.get(key);
    if (channels?.delete(channel) && channels.size === 0) this.#rooms.delete(key);
  }

  has(room: Room): boolean {
    return this.#rooms.has(keyOf(room));
  }

  get counts(): { channels: number; rooms: number } {
    let channels = 0;
    for (const room of this.#rooms.values()) channels += room.size;
    return { channels, rooms: this.#rooms.size };
  }

  in(room: Room): Iterable<Channel> {
    return this.#rooms.get(keyOf(room)) ?? [];
  }

  *all(): Generator<Channel> {
    for (const channels of this.#rooms.values()) yield* channels;
  }

  /** Tells those who want to know who came and went. */
  tellMembers(room: Room, diff: string): void {
    const framed = framedEvent(room.name, "presence_diff", diff);
    for (const channel of this.in(room)) channel.deliverPresence(framed);
  }

  /** Hands a broadcast to every channel of the room but `except`; `seq` is that of a stored message. */
  fanOut(room: Room, broadcast: Broadcast, { except, seq }: { except?: Channel; seq?: number } = {}): void {
    const channels = this.#rooms.get(keyOf(room));
    if (!channels) return;
    const framed = framedBroadcast(room.name, broadcast);
    for (const channel of channels) if (channel !== except) channel.deliver(framed, seq);
  }
}
