import type { Store } from "../store/store.ts";
import type { Step } from "./magic.ts";

/** What is to happen to a letter later. */
export type Planned = { messageId: string; recipient: string; step: Step; dueAt: Date };

export function plan(store: Store, { messageId, recipient, step, dueAt }: Planned): void {
  store.run(
    "insert into agenda (message_id, recipient, step, due_at) values (?, ?, ?, ?)",
    messageId,
    recipient,
    step,
    dueAt.getTime(),
  );
}

export function nextPlanned(store: Store): number | undefined {
  return store.get<{ due_at: number }>("select due_at from agenda order by due_at limit 1")?.due_at;
}

/** Takes the earliest of those that are due off the agenda. */
export function takeDue(store: Store, now: Date, limit: number): Planned[] {
  return store
    .all<{ message_id: string; recipient: string; step: Step; due_at: number }>(
      `delete from agenda where id in (select id from agenda where due_at <= ? order by due_at, id limit ?)
       returning message_id, recipient, step, due_at, id`,
      now.getTime(),
      limit,
    )
    .sort((a, b) => a.due_at - b.due_at)
    .map((row) => ({
      messageId: row.message_id,
      recipient: row.recipient,
      step: row.step,
      dueAt: new Date(row.due_at),
    }));
}
