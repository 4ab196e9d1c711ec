import { markDelivered } from "../../../api/room-acts.ts";
import type { RoomSummary } from "../../../api/rooms.ts";

const EVERY_MS = 1_000;
const MANY = 20;

/** Tells the server what has reached this device, each room at most once a second; what is read counts as reached anyway. */
export class Deliveries {
  readonly #told = new Map<string, number>();
  readonly #waiting = new Map<string, number>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** What came while this device was away; of very many rooms only the liveliest. */
  found(rooms: readonly RoomSummary[]) {
    const news = rooms.filter(({ standing }) => (standing?.unread ?? 0) > 0);
    for (const { id, lastSeq } of news.slice(0, MANY)) this.reached(id, lastSeq);
  }

  reached(roomId: string, seq: number) {
    if (seq <= Math.max(this.#told.get(roomId) ?? 0, this.#waiting.get(roomId) ?? 0)) return;
    this.#waiting.set(roomId, seq);
    this.#timer ??= setTimeout(() => this.#tell(), EVERY_MS);
  }

  stop() {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#waiting.clear();
  }

  #tell() {
    this.#timer = undefined;
    for (const [roomId, seq] of this.#waiting) {
      this.#told.set(roomId, seq);
      markDelivered(roomId, seq).catch(() => this.#told.delete(roomId)); // told with the next message
    }
    this.#waiting.clear();
  }
}
