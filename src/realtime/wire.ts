import type { Broadcast } from "./broadcast.ts";
import type { Leaves, PresenceChange } from "./presence-change.ts";
import { keyOf, type Room } from "./topic.ts";

/** What relays tell each other. A relay that starts says hello, and waits for the others to say that they are here. */
export type Word =
  | { is: "broadcasts"; broadcasts: { room: Room; broadcast: Broadcast }[] }
  | PresenceWord
  | { is: "hello" }
  | { is: "here"; to: string };

export type PresenceWord = { is: "presence" } & Omit<PresenceChange, "replaced">;

type Wire =
  | { b: [name: string, isPrivate: boolean, broadcast: WireBroadcast][] }
  | { p: [start: string, joins: WireRoom[], leaves: Leaves, held: string[]] }
  | { hello: true }
  | { here: string };

/** Refs are cut: those of a relay begin alike. */
type WireRoom = [name: string, isPrivate: boolean, members: [ref: string, key: string, meta: object][]];

type WireBroadcast =
  | [verbatim: string]
  | [event: string, metadata: string, encoding: "json" | "raw", payload: string];

/** A word as it is written into notifications; short, because they are. */
export function encode(word: Word): string {
  return JSON.stringify(toWire(word));
}

function toWire(word: Word): Wire {
  if (word.is === "hello") return { hello: true };
  if (word.is === "here") return { here: word.to };
  if (word.is === "presence") return toWirePresence(word);
  return {
    b: word.broadcasts.map(({ room, broadcast }) => [room.name, room.private, toWireBroadcast(broadcast)]),
  };
}

function toWirePresence({ joins, leaves, held }: PresenceWord): Wire {
  const left = leaves === "others" ? [] : leaves;
  const start = sharedStart([...joins.map(({ ref }) => ref), ...left, ...held]);
  const cut = (ref: string) => ref.slice(start.length);
  const rooms = new Map<string, WireRoom>();
  for (const { room, ref, key, meta } of joins) {
    const wire = rooms.get(keyOf(room)) ?? [room.name, room.private, []];
    rooms.set(keyOf(room), wire);
    wire[2].push([cut(ref), key, JSON.parse(meta)]);
  }
  return { p: [start, [...rooms.values()], leaves === "others" ? leaves : left.map(cut), held.map(cut)] };
}

function sharedStart(refs: string[]): string {
  const start = refs[0]?.slice(0, refs[0].indexOf("-") + 1) ?? "";
  return refs.every((ref) => ref.startsWith(start)) ? start : "";
}

function toWireBroadcast(broadcast: Broadcast): WireBroadcast {
  if (broadcast.form === "verbatim") return [broadcast.payload];
  const { event, metadata, encoding, payload } = broadcast;
  return [event, metadata, encoding, payload.toString(encoding === "json" ? "utf8" : "base64")];
}

export function decode(relay: string, body: string): Word {
  const wire = JSON.parse(body) as Wire;
  if ("hello" in wire) return { is: "hello" };
  if ("here" in wire) return { is: "here", to: wire.here };
  if ("p" in wire) return fromWirePresence(relay, wire.p);
  const broadcasts = wire.b.map(([name, isPrivate, broadcast]) => ({
    room: { name, private: isPrivate },
    broadcast: fromWireBroadcast(broadcast),
  }));
  return { is: "broadcasts", broadcasts };
}

function fromWirePresence(
  relay: string,
  [start, rooms, leaves, held]: Extract<Wire, { p: unknown }>["p"],
): PresenceWord {
  const joins = rooms.flatMap(([name, isPrivate, members]) => {
    const room = { name, private: isPrivate };
    return members.map(([ref, key, meta]) => ({
      ...{ relay, room, ref: start + ref, key },
      meta: JSON.stringify(meta),
    }));
  });
  const whole = (ref: string) => start + ref;
  const left = leaves === "others" ? leaves : leaves.map(whole);
  return { is: "presence", joins, leaves: left, held: held.map(whole) };
}

function fromWireBroadcast(wire: WireBroadcast): Broadcast {
  if (wire.length === 1) return { form: "verbatim", payload: wire[0] };
  const [event, metadata, encoding, payload] = wire;
  const bytes = Buffer.from(payload, encoding === "json" ? "utf8" : "base64");
  return { form: "framed", event, metadata, encoding, payload: bytes };
}

/** What realtime.recheck() notifies: the private topic whose listeners are to be asked for again, one person or all. */
export function recheckIn(payload: string): { topic: string; sub: string | undefined } | undefined {
  const [, sub, topic = ""] = /^recheck (\S+) (.+)$/s.exec(payload) ?? [];
  return sub === undefined ? undefined : { topic, sub: sub === "*" ? undefined : sub };
}
