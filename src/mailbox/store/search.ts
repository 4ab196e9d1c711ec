import { type MessageRow, type StoredMessage, toMessage } from "./messages.ts";
import type { Store, Value } from "./store.ts";

export type Search = {
  stream: string;
  recipient?: string | undefined;
  from?: string | undefined;
  subject?: string | undefined;
  tag?: string | undefined;
  status?: string | undefined;
  metadata?: { key: string; value: string } | undefined;
  after?: Date | undefined;
  before?: Date | undefined;
  /** Younger ones are not yet in the index. */
  indexedUntil: Date;
  count: number;
  offset: number;
};

/** Newest first, with how many there are besides the page. */
export function searchStore(store: Store, search: Search): { total: number; messages: StoredMessage[] } {
  const filters = filtersOf(search);
  const values = filters.flatMap((filter) => filter.values);
  const where = filters.map(({ sql }) => sql).join(" and ");
  const total = store.get<{ total: number }>(
    `select count(*) as total from messages m where ${where}`,
    ...values,
  );
  const rows = store.all<MessageRow>(
    `select m.* from messages m where ${where} order by m.position desc limit ? offset ?`,
    ...values,
    search.count,
    search.offset,
  );
  return { total: total?.total ?? 0, messages: rows.map((row) => toMessage(store, row)) };
}

type Filter = { sql: string; values: Value[] };

function filtersOf({ metadata, ...search }: Search): Filter[] {
  return [
    filter("m.stream = ?", search.stream),
    filter("m.received_at <= ?", search.indexedUntil.getTime()),
    filter(
      "m.position in (select position from recipients where address = ?)",
      search.recipient?.toLowerCase(),
    ),
    filter(
      "m.position in (select position from metadata where key = ? and value = ?)",
      metadata?.key,
      metadata?.value,
    ),
    filter("m.from_address = ?", search.from?.toLowerCase()),
    filter("instr(lower(m.subject), ?) > 0", search.subject?.toLowerCase()),
    filter("m.tag = ?", search.tag),
    filter("lower(m.status) = ?", search.status?.toLowerCase()),
    filter("m.received_at >= ?", search.after?.getTime()),
    filter("m.received_at <= ?", search.before?.getTime()),
  ].filter((each) => each !== undefined);
}

function filter(sql: string, ...values: (Value | undefined)[]): Filter | undefined {
  return values.includes(undefined) ? undefined : { sql, values: values as Value[] };
}
