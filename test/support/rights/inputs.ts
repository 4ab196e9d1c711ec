import type { Names } from "./scene.ts";

/** What a careless or a malicious client sends for an argument. */
export const kinds = ["missing", "empty", "oversized", "foreign", "negative"] as const;

export type Kind = (typeof kinds)[number];

/** The value as SQL. What points at a row of the world does so, unless it is to be missing or foreign. */
export function inputOf(kind: Kind, name: string, type: string, names: Names): string {
  const known = names[name.replace(/_ids?$/, "")];
  if (kind === "missing") return `null::${type}`;
  if (known && type === "uuid" && kind !== "foreign") return `'${known}'::uuid`;
  if (known && type === "uuid[]" && kind === "oversized") return `array_fill('${known}'::uuid, array[20000])`;
  return type.endsWith("[]") ? arrayOf(kind, type.slice(0, -2)) : scalarOf(kind, type);
}

function arrayOf(kind: Kind, type: string): string {
  if (kind === "empty") return `'{}'::${type}[]`;
  if (kind === "oversized") return `array_fill(${scalarOf("foreign", type)}, array[20000])`;
  return `array[${scalarOf(kind, type)}, null]`;
}

function scalarOf(kind: Kind, type: string): string {
  return `${kind === "missing" ? "null" : (values[kind][type] ?? "null")}::${type}`;
}

const values: Record<Exclude<Kind, "missing">, Record<string, string>> = {
  empty: { text: "''", jsonb: "'{}'", uuid: "gen_random_uuid()", integer: "0", bigint: "0", numeric: "0" },
  oversized: {
    text: "repeat('x', 300000)",
    jsonb: "jsonb_build_array(repeat('x', 300000))",
    uuid: "gen_random_uuid()",
    integer: "2147483647",
    bigint: "9223372036854775807",
    numeric: "1e200",
    "double precision": "'infinity'",
    "timestamp with time zone": "'infinity'",
    interval: "'100000 years'",
    date: "'infinity'",
    boolean: "true",
  },
  foreign: {
    text: "'x'",
    jsonb: "'[1, null, {\"x\": []}]'",
    uuid: "gen_random_uuid()",
    integer: "1",
    bigint: "1",
    numeric: "0.001",
    "double precision": "'nan'",
    "timestamp with time zone": "'-infinity'",
    interval: "'-1 day'",
    date: "'-infinity'",
    boolean: "false",
  },
  negative: {
    text: "E'\\n\\t '",
    jsonb: "'\"x\"'",
    uuid: "'00000000-0000-0000-0000-000000000000'",
    integer: "-1",
    bigint: "-1",
    numeric: "'nan'",
    "timestamp with time zone": "(now() - interval '1 year')",
    interval: "'0'",
    boolean: "false",
  },
};
