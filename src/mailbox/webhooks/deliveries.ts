import type { Store } from "../store/store.ts";
import type { Announcement } from "./payloads.ts";

/** One event on its way to one webhook. */
export type Delivery = {
  id: number;
  webhookId: number;
  trigger: string;
  traceId: string;
  body: string;
  /** So many times it was sent already. */
  attempts: number;
};

/** What an attempt came to; `status` is null when there was no answer. */
export type Attempt = {
  at: Date;
  status: number | null;
  error: string | null;
  retriesRemaining: number;
  outcome: "done" | "retry" | "refused" | "given up";
};

export type Planned = {
  webhookId: number;
  traceId: string;
  announcement: Announcement;
  body: string;
  /** Null: it is never sent. */
  dueAt: Date | null;
};

export function insertDelivery(
  store: Store,
  { webhookId, traceId, announcement, body, dueAt }: Planned,
): void {
  store.run(
    `insert into deliveries (webhook_id, trigger, message_id, trace_id, body, due_at, outcome)
     values (?, ?, ?, ?, ?, ?, ?)`,
    webhookId,
    announcement.trigger,
    announcement.payload.MessageID,
    traceId,
    body,
    dueAt?.getTime() ?? null,
    dueAt ? "waiting" : "dropped",
  );
}

export function nextDue(store: Store): number | undefined {
  const sql = "select due_at from deliveries where due_at is not null order by due_at limit 1";
  return store.get<{ due_at: number }>(sql)?.due_at;
}

/** `newestFirst`: those that came last, out of the ones that are due. */
export function dueDeliveries(store: Store, now: Date, limit: number, newestFirst: boolean): Delivery[] {
  const order = newestFirst ? "id desc" : "due_at, id";
  return store
    .all<Row>(
      `select * from deliveries where due_at is not null and due_at <= ? order by ${order} limit ?`,
      now.getTime(),
      limit,
    )
    .map(toDelivery);
}

/** False: the event is gone meanwhile, with its webhook or by a reset. */
export function recordAttempt(
  store: Store,
  delivery: Delivery,
  attempt: Attempt,
  nextAt: Date | null,
): boolean {
  const { changes } = store.run(
    "update deliveries set attempts = attempts + 1, due_at = ?, outcome = ? where id = ?",
    nextAt?.getTime() ?? null,
    nextAt ? "waiting" : attempt.outcome,
    delivery.id,
  );
  if (changes === 0) return false;
  store.run(
    "insert into attempts (delivery_id, at, status, error, retries_remaining, outcome) values (?, ?, ?, ?, ?, ?)",
    delivery.id,
    attempt.at.getTime(),
    attempt.status,
    attempt.error,
    attempt.retriesRemaining,
    attempt.outcome,
  );
  return true;
}

/** In the order in which they were made; of one message or of all. */
export function loggedAttempts(store: Store, messageId: string | null): object[] {
  return store
    .all<Record<string, unknown>>(
      `select d.trace_id as "traceId", d.trigger as "recordType", d.message_id as "messageId", w.url,
         strftime('%Y-%m-%dT%H:%M:%fZ', a.at / 1000.0, 'unixepoch') as at, a.status, a.error,
         a.retries_remaining as "retriesRemaining", a.outcome
       from attempts a join deliveries d on d.id = a.delivery_id join webhooks w on w.id = d.webhook_id
       where ?1 is null or d.message_id = ?1
       order by a.id`,
      messageId,
    )
    .map((row) => ({ ...row }));
}

/** How many events there are of each outcome: waiting, done, refused, given up, dropped. */
export function countDeliveries(store: Store): Record<string, number> {
  const rows = store.all<{ outcome: string; count: number }>(
    "select outcome, count(*) as count from deliveries group by outcome order by outcome",
  );
  return Object.fromEntries(rows.map(({ outcome, count }) => [outcome, count]));
}

type Row = {
  id: number;
  webhook_id: number;
  trigger: string;
  trace_id: string;
  body: string;
  attempts: number;
};

function toDelivery({ webhook_id, trace_id, ...row }: Row): Delivery {
  const { id, trigger, body, attempts } = row;
  return { id, trigger, body, attempts, webhookId: webhook_id, traceId: trace_id };
}
