import { Fault } from "./reply.ts";

export type Address = { Email: string; Name: string };

/** The addresses of a header line: `a@b.c, "Name, First" <d@e.f>`. Throws Fault 300 for one that is none. */
export function parseAddresses(line: string | null | undefined, field: string): Address[] {
  return splitOutsideQuotes(line ?? "")
    .map((part) => part.trim())
    .filter((part) => part !== "")
    .map((part) => parseAddress(part, field));
}

export function parseAddress(part: string, field: string): Address {
  const named = /^(?:"((?:[^"\\]|\\.)*)"|([^<"]*?))\s*<([^<>]*)>$/.exec(part);
  const Email = (named ? named[3] : part)?.trim() ?? "";
  if (!Email.includes("@"))
    throw new Fault(
      300,
      `Error parsing '${field}': Illegal email address '${Email}'. It must contain the '@' symbol.`,
    );
  if (!isAddress(Email)) throw new Fault(300, `Error parsing '${field}': Illegal email address '${Email}'.`);
  return { Email, Name: (named?.[1]?.replaceAll(/\\(.)/g, "$1") ?? named?.[2] ?? "").trim() };
}

export function isAddress(text: string): boolean {
  return text.length <= 254 && /^[^\s@<>(),;:"\\[\]]{1,64}@[^\s@<>(),;:"\\[\]]+$/.test(text);
}

function splitOutsideQuotes(line: string): string[] {
  return line.match(/(?:"(?:[^"\\]|\\.)*"|[^,"]|")+/g) ?? [];
}
