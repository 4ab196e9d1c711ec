import { isObject } from "#lib/is-object.ts";
import type { Broadcast } from "./broadcast.ts";
import { assertJson, type BroadcastPush } from "./protocol/binary.ts";
import { MalformedFrame } from "./protocol/frame.ts";

/** A broadcast as a client pushed it. */
export type Pushed = {
  broadcast: Broadcast;
  bytes: number;
  /** It is to be stored for replay as well. */
  persist: boolean;
};

/** Of vsn 1.0.0: the payload goes on as it came. Throws MalformedFrame. */
export function pushedText(payload: unknown): Pushed {
  if (!isObject(payload) || typeof payload.event !== "string") {
    throw new MalformedFrame("a broadcast has no event");
  }
  // The client takes any payload with `ids` for a row change and throws.
  const { ids: _, ...rest } = payload;
  const json = JSON.stringify({ ...rest, type: "broadcast" });
  return { broadcast: { form: "verbatim", payload: json }, bytes: Buffer.byteLength(json), persist: false };
}

/** Throws MalformedFrame. */
export function pushedBinary({ event, encoding, payload, metadata }: BroadcastPush): Pushed {
  if (encoding === "json") assertJson(payload);
  return {
    broadcast: { form: "framed", event, metadata: "", encoding, payload },
    bytes: payload.length,
    persist: wantsPersisting(metadata),
  };
}

/** `{"persist":true}` or `{"persist":{"ttl":60}}`; how long it is kept is the database's to say. */
function wantsPersisting(metadata: string): boolean {
  if (metadata === "") return false;
  try {
    const { persist } = JSON.parse(metadata);
    return persist === true || isObject(persist);
  } catch {
    return false;
  }
}
