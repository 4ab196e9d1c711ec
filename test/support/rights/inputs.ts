/** What a careless or a malicious client sends for an argument: missing, empty, oversized, foreign. */
export const kinds = ["missing", "empty", "oversized", "foreign", "negative"] as const;

export type Kind = (typeof kinds)[number];

/** The value as SQL; where the kind means nothing for the type, it is missing. */
export function inputOf(kind: Kind, type: string): string {
  if (kind === "missing") return `null::${type}`;
  if (type.endsWith("[]")) return arrayOf(kind, type.slice(0, -2));
  return `${values[kind]?.[type] ?? "null"}::${type}`;
}

function arrayOf(kind: Kind, type: string): string {
  if (kind === "empty") return `'{}'::${type}[]`;
  if (kind === "oversized") return `array_fill(${inputOf("foreign", type)}, array[20000])`;
  return `array[${inputOf(kind, type)}, null]`;
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
    "timestamp with time zone": "now() - interval '1 year'",
    interval: "'0'",
    boolean: "false",
  },
};
