import { inspect } from "node:util";

const longestText = 20_000;

/**
 * The text of whatever was thrown; never throws, for a cause may lead back to itself, and an object may refuse to be
 * text. Postgres has no NUL in text.
 */
export function describe(thrown: unknown): string {
  return inspect(thrown, { depth: 4, customInspect: false }).replaceAll("\0", "").slice(0, longestText);
}

/** What was thrown, as an error that can be looked at without harm. */
export function errorOf(thrown: unknown): Error {
  try {
    if (thrown instanceof Error) return thrown;
  } catch {} // a proxy may refuse even to say what it is
  return new Error(`It threw ${describe(thrown)}, which is no error.`);
}
