import type { Broadcast } from "./broadcast.ts";
import type { Member } from "./presence.ts";
import type { Room } from "./topic.ts";

/** What relays tell each other. */
export type Word =
  | { is: "broadcasts"; broadcasts: { room: Room; broadcast: Broadcast }[] }
  | { is: "presence"; joins: Member[]; leaves: Leaves }
  | { is: "gone" };

/** The refs that left; "others": every member of that relay that is not among the joins. */
export type Leaves = string[] | "others";

type Wire =
  | { b: [name: string, isPrivate: boolean, broadcast: WireBroadcast][] }
  | { p: { j: [name: string, isPrivate: boolean, ref: string, key: string, meta: string][]; l: Leaves } }
  | { g: true };

type WireBroadcast =
  | [verbatim: string]
  | [event: string, metadata: string, encoding: "json" | "raw", payload: string];

/** A word as it is written into notifications; short, because they are. */
export function encode(word: Word): string {
  return JSON.stringify(toWire(word));
}

function toWire(word: Word): Wire {
  if (word.is === "gone") return { g: true };
  if (word.is === "broadcasts") {
    return {
      b: word.broadcasts.map(({ room, broadcast }) => [room.name, room.private, toWireBroadcast(broadcast)]),
    };
  }
  return {
    p: { j: word.joins.map((m) => [m.room.name, m.room.private, m.ref, m.key, m.meta]), l: word.leaves },
  };
}

function toWireBroadcast(broadcast: Broadcast): WireBroadcast {
  if (broadcast.form === "verbatim") return [broadcast.payload];
  const { event, metadata, encoding, payload } = broadcast;
  return [event, metadata, encoding, payload.toString(encoding === "json" ? "utf8" : "base64")];
}

export function decode(relay: string, body: string): Word {
  const wire = JSON.parse(body) as Wire;
  if ("g" in wire) return { is: "gone" };
  if ("b" in wire) {
    const broadcasts = wire.b.map(([name, isPrivate, broadcast]) => ({
      room: { name, private: isPrivate },
      broadcast: fromWireBroadcast(broadcast),
    }));
    return { is: "broadcasts", broadcasts };
  }
  const joins = wire.p.j.map(([name, isPrivate, ref, key, meta]) => ({
    ...{ relay, ref, key, meta },
    room: { name, private: isPrivate },
  }));
  return { is: "presence", joins, leaves: wire.p.l };
}

function fromWireBroadcast(wire: WireBroadcast): Broadcast {
  if (wire.length === 1) return { form: "verbatim", payload: wire[0] };
  const [event, metadata, encoding, payload] = wire;
  const bytes = Buffer.from(payload, encoding === "json" ? "utf8" : "base64");
  return { form: "framed", event, metadata, encoding, payload: bytes };
}
