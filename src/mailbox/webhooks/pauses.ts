import type { Store } from "../store/store.ts";

/** An event was given up. Pauses the trigger when that happened `pauseAfter` times and nothing went through between. */
export function countFailure(
  store: Store,
  webhookId: number,
  trigger: string,
  pauseAfter: number,
  now: Date,
): void {
  store.run(
    `insert into trigger_failures (webhook_id, trigger, failures) values (?1, ?2, 1)
     on conflict (webhook_id, trigger) do update set failures = failures + 1`,
    webhookId,
    trigger,
  );
  store.run(
    "update trigger_failures set paused_at = ? where webhook_id = ? and trigger = ? and failures >= ?",
    now.getTime(),
    webhookId,
    trigger,
    pauseAfter,
  );
}

export function forgetFailures(store: Store, webhookId: number, trigger?: string): void {
  store.run(
    "delete from trigger_failures where webhook_id = ?1 and trigger = coalesce(?2, trigger)",
    webhookId,
    trigger ?? null,
  );
}

export function isPaused(store: Store, webhookId: number, trigger: string): boolean {
  const sql = "select 1 from trigger_failures where webhook_id = ? and trigger = ? and paused_at is not null";
  return store.get(sql, webhookId, trigger) !== undefined;
}

export function pausedTriggers(store: Store): { webhookId: number; trigger: string }[] {
  const sql = `select webhook_id as "webhookId", trigger from trigger_failures where paused_at is not null`;
  return store.all<{ webhookId: number; trigger: string }>(sql).map((row) => ({ ...row }));
}
