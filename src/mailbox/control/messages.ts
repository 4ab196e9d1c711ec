import { allMessages, type StoredMessage } from "../store/messages.ts";
import type { Store } from "../store/store.ts";

/** Oldest first, whatever their age and stream; `count` is how many of the newest. */
export function findMessages(store: Store, query: URLSearchParams): StoredMessage[] {
  const wanted = [...query].filter(([name]) => name !== "count");
  const found = allMessages(store).filter((message) =>
    wanted.every(([name, value]) => is(message, name, value)),
  );
  const count = Number(query.get("count") ?? found.length);
  return found.slice(Math.max(0, found.length - count));
}

/** Letters that were accepted so often at least, by a metadata key of the sender's that names a letter. */
export function acceptedOften(store: Store, key: string, atLeast: number): object[] {
  return store
    .all<{ value: string; count: number; ids: string }>(
      `select d.value, count(*) as count, json_group_array(m.id order by m.position) as ids
       from metadata d join messages m using (position)
       where d.key = ? group by d.value having count(*) >= ? order by d.value`,
      key,
      atLeast,
    )
    .map(({ value, count, ids }) => ({ value, count, messageIds: JSON.parse(ids) }));
}

function is(message: StoredMessage, name: string, value: string): boolean {
  switch (name) {
    case "to":
      return message.recipients.includes(value.toLowerCase());
    case "subject":
      return message.subject.toLowerCase().includes(value.toLowerCase());
    case "tag":
      return message.tag === value;
    case "stream":
      return message.stream === value;
    default:
      return message.metadata[name.replace(/^metadata_/, "")] === value;
  }
}
