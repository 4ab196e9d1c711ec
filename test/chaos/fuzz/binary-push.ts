import type { Random } from "../support/random.ts";
import { junkJson, junkText } from "./junk.ts";

/** A push of kind 3, right or wrong in one of its parts. */
export function binaryPush(random: Random, topic: string): Buffer {
  const metadata = random.pick(["", "", `{"persist":true}`, `{"persist":{"ttl":1e9}}`, junkJson(random)]);
  const event = random.chance(0.7) ? Buffer.from("e") : random.bytes(random.int(0, 255));
  const fields = [Buffer.from("1"), Buffer.from("2"), Buffer.from(topic), event, Buffer.from(metadata)].map(
    (field) => field.subarray(0, 255),
  );
  const sizes = fields.map(({ length }) => (random.chance(0.05) ? random.int(0, 255) : length));
  const kind = random.chance(0.9) ? 3 : random.int(0, 255);
  const encoding = random.chance(0.9) ? random.int(0, 1) : random.int(2, 255);
  const whole = Buffer.concat([Buffer.from([kind, ...sizes, encoding]), ...fields, payload(random)]);
  return random.chance(0.2) ? whole.subarray(0, random.int(0, whole.length)) : whole;
}

function payload(random: Random): Buffer {
  return random.pick([
    () => Buffer.from(junkJson(random)),
    () => Buffer.from(junkText(random)),
    () => Buffer.from("null"),
    () => Buffer.from('{"ids":[1],"__proto__":{"polluted":true}}'),
    () => Buffer.from([0x22, 0xff, 0xfe, 0x22]), // a string of JSON, but not of UTF-8
    () => Buffer.from([0xef, 0xbb, 0xbf, 0x7b, 0x7d]), // a mark of byte order
    () => random.bytes(random.int(0, 50)),
  ])();
}
