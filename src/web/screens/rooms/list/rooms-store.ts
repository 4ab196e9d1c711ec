import { useSyncExternalStore } from "react";
import { listenToPerson } from "../../../api/person-connection.ts";
import { sayProblem } from "../../../api/problem.ts";
import { loadRooms, type RoomSummary, type Standing } from "../../../api/rooms.ts";
import { Deliveries } from "./deliveries.ts";

export type RoomsView = { rooms: readonly RoomSummary[] | null; problem: string };

const RELOAD_MS = 400;

/** The rooms of one person, kept current by what the server says to the person. Shared by the list and the badge. */
class RoomsStore {
  readonly personId: string;
  readonly #listeners = new Set<() => void>();
  #view: RoomsView = { rooms: null, problem: "" };
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #deliveries = new Deliveries();
  #stop: (() => void) | null = null;

  constructor(personId: string) {
    this.personId = personId;
  }

  readonly view = () => this.#view;

  readonly subscribe = (tell: () => void) => {
    this.#listeners.add(tell);
    this.#stop ??= this.#start();
    return () => {
      this.#listeners.delete(tell);
      if (this.#listeners.size === 0) this.#end();
    };
  };

  readonly reload = async () => {
    try {
      const rooms = await loadRooms();
      this.#change({ rooms, problem: "" });
      this.#deliveries.found(rooms);
    } catch (error) {
      this.#change({ ...this.#view, problem: sayProblem(error) });
    }
  };

  /** What this page knows first: it has read a room, or muted it. */
  patch(roomId: string, standing: Partial<Standing>) {
    this.#update(roomId, (room) =>
      room.standing ? { ...room, standing: { ...room.standing, ...standing } } : room,
    );
  }

  /** Something was said in a room that is open on this page. */
  moved(roomId: string, seq: number, at: string, lastMessage?: RoomSummary["lastMessage"]) {
    this.#update(roomId, (room) =>
      seq > room.lastSeq
        ? { ...room, lastSeq: seq, lastMessageAt: at, lastMessage: lastMessage ?? room.lastMessage }
        : room,
    );
  }

  readonly #hear = (event: string, payload: Record<string, unknown>) => {
    if (event === "live") return this.#reloadSoon();
    if (event !== "unread") return;
    const { roomId, unread, mentions, lastSeq } = payload;
    if (Number(unread) > 0) this.#deliveries.reached(String(roomId), Number(lastSeq));
    const known = this.#view.rooms?.find(({ id, standing }) => id === roomId && standing);
    if (!known) return this.#reloadSoon();
    const seq = Number(lastSeq ?? 0);
    if (seq > known.lastSeq) this.#reloadSoon(); // its last words are shown too
    this.patch(known.id, { unread: Number(unread ?? 0), mentions: Number(mentions ?? 0) });
    this.moved(known.id, seq, new Date().toISOString());
  };

  readonly #look = () => {
    if (document.visibilityState === "visible") this.#reloadSoon();
  };

  #start() {
    void this.reload();
    document.addEventListener("visibilitychange", this.#look);
    return listenToPerson(this.personId, this.#hear);
  }

  #end() {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#deliveries.stop();
    document.removeEventListener("visibilitychange", this.#look);
    this.#stop?.();
    this.#stop = null;
  }

  #reloadSoon() {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      void this.reload();
    }, RELOAD_MS);
  }

  #update(roomId: string, change: (room: RoomSummary) => RoomSummary) {
    const rooms = this.#view.rooms?.map((room) => (room.id === roomId ? change(room) : room)) ?? null;
    this.#change({ ...this.#view, rooms: rooms && [...rooms].sort(byActivity) });
  }

  #change(view: RoomsView) {
    this.#view = view;
    for (const tell of this.#listeners) tell();
  }
}

let current: RoomsStore | null = null;

export function roomsOf(personId: string): RoomsStore {
  if (current?.personId !== personId) current = new RoomsStore(personId);
  return current;
}

export function useRooms(personId: string): RoomsView & { reload: () => Promise<void> } {
  const store = roomsOf(personId);
  const view = useSyncExternalStore(store.subscribe, store.view);
  return { ...view, reload: store.reload };
}

/** How many messages call for the person: all of direct conversations, elsewhere those that mention; muted rooms are silent. */
export function callsIn(rooms: readonly RoomSummary[]): number {
  return rooms.reduce((calls, { kind, standing }) => {
    if (!standing || isMuted(standing)) return calls;
    const loud = kind === "direct" || standing.involvement === "everything";
    return calls + (loud ? standing.unread : standing.mentions);
  }, 0);
}

export function isMuted({ involvement, mutedUntil }: Standing): boolean {
  return involvement === "nothing" || (mutedUntil !== null && new Date(mutedUntil) > new Date());
}

function byActivity(a: RoomSummary, b: RoomSummary): number {
  return (b.lastMessageAt ?? "").localeCompare(a.lastMessageAt ?? "") || a.title.localeCompare(b.title);
}
