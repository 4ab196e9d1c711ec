import { isObject } from "#lib/is-object.ts";
import { Fault as Refusal } from "../reply.ts";

/** Which requests a fault is meant for: all that is given must hold. */
export type Match = {
  /** "/email/batch", or with a star at its end "/email*". */
  path?: string;
  /** From the nth request on that fits the rest. */
  nth?: number;
  probability?: number;
  /** One of the recipients of one of the letters. */
  to?: string;
  /** The tag of one of the letters. */
  tag?: string;
};

export type Sent = { path: string; body: Buffer | undefined };

export function parseMatch(input: unknown): Match {
  if (!isObject(input)) throw new Refusal(402, "A fault's match is an object.");
  for (const [name, value] of Object.entries(input)) {
    const check = checks[name as keyof Match];
    if (!check)
      throw new Refusal(402, `A fault is not matched by "${name}": ${Object.keys(checks).join(", ")}.`);
    if (!check(value)) throw new Refusal(402, `A fault cannot match ${name} ${JSON.stringify(value)}.`);
  }
  return input as Match;
}

/** Whether one must look into the letters to know. */
export function bodyMatters({ to, tag }: Match): boolean {
  return to !== undefined || tag !== undefined;
}

export function matches({ path, to, tag }: Match, sent: Sent): boolean {
  if (path !== undefined && !pathMatches(path.toLowerCase(), sent.path)) return false;
  if (sent.body === undefined) return true;
  const letters = lettersOf(sent.body);
  return letters.some(
    (letter) => (tag === undefined || letter.Tag === tag) && (to === undefined || isTo(letter, to)),
  );
}

const checks: Record<keyof Match, (value: unknown) => boolean> = {
  path: (value) => typeof value === "string" && value.startsWith("/"),
  nth: (value) => Number.isInteger(value) && Number(value) >= 1,
  probability: (value) => typeof value === "number" && value >= 0 && value <= 1,
  to: (value) => typeof value === "string",
  tag: (value) => typeof value === "string",
};

function pathMatches(wanted: string, path: string): boolean {
  return wanted.endsWith("*") ? path.startsWith(wanted.slice(0, -1)) : path === wanted;
}

function lettersOf(body: Buffer): Record<string, unknown>[] {
  try {
    const parsed = JSON.parse(body.toString());
    const letters = isObject(parsed) && Array.isArray(parsed.Messages) ? parsed.Messages : [parsed].flat();
    return letters.filter(isObject);
  } catch {
    return [];
  }
}

function isTo(letter: Record<string, unknown>, to: string): boolean {
  const lines = [letter.To, letter.Cc, letter.Bcc].filter((line) => typeof line === "string");
  const addresses = lines.flatMap((line) => line.match(/[^\s@<>,"]+@[^\s@<>,"]+/g) ?? []);
  return addresses.some((address) => address.toLowerCase() === to.toLowerCase());
}
