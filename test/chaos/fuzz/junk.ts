import type { Random } from "../support/random.ts";

const nasty = [
  "__proto__",
  "constructor",
  "prototype",
  "toString",
  "hasOwnProperty",
  "ids",
  "metas",
  "phx_ref",
  "joins",
  "leaves",
  "length",
  "then",
  "toJSON",
  "",
  "\0",
  "\ud800",
  "😀",
  "'; drop table realtime.messages; --",
  "%s%n",
  "1",
];

/** Text that somebody might forget to expect. */
export function junkText(random: Random): string {
  if (random.chance(0.6)) return random.pick(nasty);
  if (random.chance(0.03)) return random.pick(nasty).repeat(random.int(1, 30_000));
  return String.fromCharCode(...Array.from({ length: random.int(0, 40) }, () => random.int(0, 0xffff)));
}

/** JSON text of anything, with keys that hurt; written by hand, because an object of JavaScript has no `__proto__` key. */
export function junkJson(random: Random, depth = 3): string {
  const kind = random.int(0, depth > 0 ? 9 : 6);
  if (kind === 0) return "null";
  if (kind === 1) return random.pick(["true", "false"]);
  if (kind === 2)
    return random.pick(["0", "-1", "1e308", "1e999", "9007199254740993", "0.1", "-0", "4294967296"]);
  if (kind <= 6) return JSON.stringify(junkText(random));
  const members = Array.from({ length: random.int(0, 4) }, () => junkJson(random, depth - 1));
  if (kind === 7) return `[${members}]`;
  return `{${members.map((member) => `${JSON.stringify(junkText(random))}:${member}`)}}`;
}

/** JSON nested deeper than a stack is high. */
export function deepJson(random: Random): string {
  const depth = random.pick([1000, 10_000, 100_000]);
  const [open, close] = random.pick([
    ["[", "]"],
    ['{"a":', "}"],
    ['{"__proto__":', "}"],
  ]) as [string, string];
  return (
    open.repeat(depth) + (random.chance(0.9) ? "1" : "") + (random.chance(0.9) ? close.repeat(depth) : "")
  );
}
