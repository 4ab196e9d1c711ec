import type { Random } from "../support/random.ts";
import { opcodes, wireFrame } from "./wire.ts";

/** What is wrong below the protocol: at the level of websocket frames. Most of it ends the socket. */
export function brokenFrame(random: Random): Buffer {
  const word = Buffer.from('["1","2","phoenix","heartbeat",{}]');
  const { continuation, text, binary, close, ping, pong } = opcodes;
  const pieces = (interleaved?: Buffer) =>
    [...word].flatMap((byte, place) => [
      wireFrame(place === 0 ? text : continuation, Buffer.from([byte]), { fin: place === word.length - 1 }),
      ...(interleaved && place === 3 ? [interleaved] : []),
    ]);
  return random.pick([
    () => Buffer.concat(pieces()),
    () => Buffer.concat(pieces(wireFrame(ping, Buffer.from("still there?")))),
    () => Buffer.concat(pieces(wireFrame(text, word))),
    () => Buffer.concat(pieces().slice(0, -1)),
    () => wireFrame(text, word, { masked: false }),
    () => wireFrame(text, word, { reserved: random.int(1, 7) }),
    () => wireFrame(random.pick([3, 4, 5, 6, 7, 11, 12, 13, 14, 15]), word),
    () => wireFrame(continuation, word),
    () => wireFrame(ping, random.bytes(200)),
    () => wireFrame(ping, word, { fin: false }),
    () => wireFrame(text, word, { length: 2n ** 63n - 1n }),
    () => wireFrame(binary, word, { length: 6_000_000n }),
    () => wireFrame(text, word, { length: BigInt(word.length + 5) }),
    () => wireFrame(close, Buffer.from([3])),
    () => wireFrame(close, Buffer.from([0, 0])),
    () => Buffer.concat([wireFrame(close, Buffer.from([3, 232])), wireFrame(text, word)]),
    () => Buffer.concat(Array.from({ length: 100 }, () => wireFrame(ping, Buffer.alloc(125)))),
    () => wireFrame(pong, Buffer.from("nobody asked")),
    () => random.bytes(random.int(1, 200)),
  ])();
}
