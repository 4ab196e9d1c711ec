import type { Query } from "./call.ts";
import { fromEastern } from "./eastern.ts";
import { Fault } from "./reply.ts";

/** Which part of a list is wanted. Throws Fault `code` for more than Postmark gives. */
export function parsePage(query: Query, code: number): { count: number; offset: number } {
  const count = parseNumber(query, "count", 100, code);
  const offset = parseNumber(query, "offset", 0, code);
  if (count > 500) throw new Fault(code, "You may only request up to 500 items per call.");
  if (count + offset > 10_000) throw new Fault(code, "Count + Offset cannot exceed 10,000.");
  return { count, offset };
}

/** A day or a moment of New York; a day without an hour is a whole one. Throws Fault `code`. */
export function parseMoment(
  query: Query,
  name: string,
  end: "first" | "last",
  code: number,
): Date | undefined {
  const text = query.get(name);
  if (!text) return undefined;
  const [, day, time] =
    /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?))?$/.exec(text) ?? [];
  const moment = fromEastern(`${day}T${time ?? (end === "first" ? "00:00" : "23:59:59.999")}`);
  if (!Number.isNaN(moment.getTime())) return moment;
  throw new Fault(code, `The '${name}' parameter is not a date such as 2026-01-31 or 2026-01-31T12:00:00.`);
}

function parseNumber(query: Query, name: string, fallback: number, code: number): number {
  const text = query.get(name) ?? String(fallback);
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new Fault(code, `The '${name}' parameter must be an integer that is not negative.`);
}
