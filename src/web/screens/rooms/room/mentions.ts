import type { Member } from "../../../api/rooms.ts";

export type Part = { text: string; mention?: string | "room" };
type Named = Pick<Member, "id" | "name">;

const MENTION = /@\[([^\][]{1,200})\]\(([0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})\)/;
const EITHER = new RegExp(`${MENTION.source}|(?<=^|[\\s(])@room\\b`, "g");
const BEING_TYPED = /(?:^|[\s(])@([\p{L}\p{N}'’.-]{0,30}(?: [\p{L}\p{N}'’.-]{1,30}){0,2})$/u;

/** A stored body in parts: plain text, and mentions with whom they mean. */
export function partsOf(body: string): Part[] {
  const parts: Part[] = [];
  let at = 0;
  for (const found of body.matchAll(EITHER)) {
    if (found.index > at) parts.push({ text: body.slice(at, found.index) });
    parts.push(found[2] ? { text: `@${found[1]}`, mention: found[2] } : { text: "@room", mention: "room" });
    at = found.index + found[0].length;
  }
  if (at < body.length) parts.push({ text: body.slice(at) });
  return parts;
}

/** A stored body as people write and read it: "@Bima Saputra". */
export function plainWords(body: string): string {
  return partsOf(body)
    .map(({ text }) => text)
    .join("");
}

/** What was typed, with every "@Name" of a member as a stored mention; `picked` says who is meant of two with one name. */
export function bodyOf(text: string, members: readonly Named[], picked: ReadonlyMap<string, string>): string {
  const byName = new Map(members.map(({ name, id }) => [name, picked.get(name) ?? id]));
  const names = [...byName.keys()]
    .filter((name) => !/[[\]]/.test(name))
    .sort((a, b) => b.length - a.length)
    .map((name) => name.replace(/[.*+?^${}()|\\]/g, "\\$&"));
  if (names.length === 0) return text;
  const mention = new RegExp(`(?<=^|[\\s(])@(${names.join("|")})(?![\\p{L}\\p{N}])`, "gu");
  return text.replace(mention, (_, name: string) => `@[${name}](${byName.get(name)})`);
}

export type Completion = { start: number; matches: Named[] };

export const EVERYBODY: Named = { id: "room", name: "room" };

/** Who may be meant by the "@…" that stands before the caret, or null. */
export function completionAt(
  before: string,
  members: readonly Named[],
  mayCallAll: boolean,
): Completion | null {
  const typed = BEING_TYPED.exec(before)?.[1];
  if (typed === undefined) return null;
  const query = folded(typed);
  const all = mayCallAll ? [...members, EVERYBODY] : members;
  const matches = all.filter(({ name }) => startsWithin(folded(name), query)).slice(0, 6);
  return matches.length > 0 ? { start: before.length - typed.length, matches } : null;
}

function startsWithin(name: string, query: string): boolean {
  return name.startsWith(query) || name.includes(` ${query}`);
}

function folded(text: string): string {
  return text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
}
