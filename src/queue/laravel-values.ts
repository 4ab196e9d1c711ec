import { PhpArray, PhpEnum, PhpObject, type PhpValue } from "#lib/php-serialized.ts";

/**
 * A value of PHP as JSON has it: a model becomes { model, id }, a moment ISO text, a collection its items, an enum the
 * name of its case, any other object its properties. Throws for an object that contains itself.
 */
export function plain(value: PhpValue, within: readonly unknown[] = []): unknown {
  if (within.includes(value)) throw new Error("an object in it contains itself.");
  if (value instanceof PhpEnum) return value.caseName;
  const inner = (each: PhpValue) => plain(each, [...within, value]);
  if (value instanceof PhpArray) {
    if (value.isList) return value.entries.map(([, each]) => inner(each));
    return Object.fromEntries(value.entries.map(([key, each]) => [key, inner(each)]));
  }
  if (value instanceof PhpObject) return plainObject(value, inner);
  return value;
}

function plainObject({ className, properties }: PhpObject, inner: (value: PhpValue) => unknown): unknown {
  const get = (name: string) => inner(properties.get(name) ?? null);
  if (className === "Illuminate\\Contracts\\Database\\ModelIdentifier")
    return { model: get("class"), id: get("id") };
  if (properties.has("timezone_type")) return momentOf(String(get("date")), String(get("timezone")));
  if (className.endsWith("\\Collection") && properties.has("items")) return get("items");
  return Object.fromEntries([...properties].map(([name, value]) => [name, inner(value)]));
}

/** 2026-03-01 08:00:00.000000 and a zone, an offset or an abbreviation. One that is not known leaves the time local. */
function momentOf(date: string, zone: string): string {
  const local = date.replace(" ", "T").slice(0, 23);
  const asIfUtc = Date.parse(`${local}Z`);
  if (Number.isNaN(asIfUtc)) throw new Error(`its date "${date}" cannot be read.`);
  try {
    const guess = asIfUtc - offsetAt(asIfUtc, zone);
    return new Date(asIfUtc - offsetAt(guess, zone)).toISOString();
  } catch {
    return local;
  }
}

/** Milliseconds by which the clocks of a zone are ahead of UTC. Sweden writes times as ISO does. */
function offsetAt(moment: number, zone: string): number {
  if (zone === "Z") return 0;
  const local = new Date(moment).toLocaleString("sv-SE", { timeZone: zone });
  return Date.parse(`${local.replace(" ", "T")}Z`) - Math.floor(moment / 1000) * 1000;
}
