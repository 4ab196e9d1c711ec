import type { Store } from "./store.ts";

export type Stream = {
  id: string;
  name: string;
  description: string | null;
  type: "Transactional" | "Broadcasts" | "Inbound";
  unsubscribe: "None" | "Postmark" | "Custom";
  created_at: number;
  updated_at: number | null;
  archived_at: number | null;
};

export function allStreams(store: Store): Stream[] {
  return store.all<Stream>("select * from streams order by created_at, id");
}

export function findStream(store: Store, id: string): Stream | undefined {
  return store.get<Stream>("select * from streams where id = ?", id.toLowerCase());
}

export function saveStream(store: Store, stream: Stream): void {
  store.run(
    `insert into streams (id, name, description, type, unsubscribe, created_at, updated_at, archived_at)
     values (?, ?, ?, ?, ?, ?, ?, ?)
     on conflict (id) do update set name = excluded.name, description = excluded.description,
       unsubscribe = excluded.unsubscribe, updated_at = excluded.updated_at, archived_at = excluded.archived_at`,
    stream.id,
    stream.name,
    stream.description,
    stream.type,
    stream.unsubscribe,
    stream.created_at,
    stream.updated_at,
    stream.archived_at,
  );
}
