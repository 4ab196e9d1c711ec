import { createHash } from "node:crypto";
import type { Fields } from "../protocol/payloads.ts";
import { type Filter, parseFilter } from "./filter.ts";

export type ChangeEvent = "*" | "INSERT" | "UPDATE" | "DELETE";

/** What a client asks for with one `postgres_changes` of its join; '*' stands for every schema or table. */
export type Binding = Filter & {
  event: ChangeEvent;
  schema: string;
  table: string;
  select: string[] | null;
};

/** Throws an Error that says what is wrong. */
export function parseBinding({ event, schema, table, filter, select }: Fields): Binding {
  if (!isText(schema) && !isText(table)) {
    throw new Error(
      "No subscription params provided. Please provide at least a `schema` or `table` to subscribe to",
    );
  }
  const binding = {
    ...{
      event: eventOf(event),
      schema: isText(schema) ? schema : "public",
      table: isText(table) ? table : "*",
    },
    ...{ ...filterOf(filter), select: selectOf(select) },
  };
  if (binding.select && (binding.schema === "*" || binding.table === "*")) {
    throw new Error(
      "Column selection is not supported for wildcard subscriptions. Provide an explicit schema and table name.",
    );
  }
  return binding;
}

/** The same for the same binding, in every process and after every rejoin. Never 0: the client takes that for none. */
export function idOf({ event, schema, table, filter, select }: Fields): number {
  const text = JSON.stringify([event, schema, table, filter, select].map((field) => field ?? null));
  return createHash("sha256").update(text).digest().readUIntBE(0, 6) || 1;
}

export function describe({ event, schema, table, filter, select }: Fields): string {
  const parts = Object.entries({ event, schema, table, filter, select }).filter(
    ([, part]) => part !== undefined,
  );
  return `[${parts.map(([name, part]) => `${name}: ${typeof part === "string" ? part : JSON.stringify(part)}`).join(", ")}]`;
}

function eventOf(event: unknown): ChangeEvent {
  const name = typeof event === "string" ? event.toUpperCase() : "*";
  return name === "INSERT" || name === "UPDATE" || name === "DELETE" ? name : "*";
}

function filterOf(filter: unknown): Filter {
  if (filter === undefined || filter === null) return { conditions: [], values: [] };
  try {
    if (typeof filter !== "string") throw new Error(JSON.stringify(filter));
    return parseFilter(filter);
  } catch (cause) {
    throw new Error(`Error parsing \`filter\` params: ${(cause as Error).message}`, { cause });
  }
}

function selectOf(select: unknown): string[] | null {
  if (select === undefined || select === null) return null;
  if (!Array.isArray(select)) {
    throw new Error("Error parsing `select` params: expected a list of column name strings");
  }
  const columns = select.filter(isText).sort();
  return columns.length > 0 ? columns : null;
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "" && !value.includes("\0");
}
