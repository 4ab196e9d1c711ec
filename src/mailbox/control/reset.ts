import type { Store } from "../store/store.ts";

/** As if nothing had ever been sent. */
export function empty(store: Store, { keepWebhooks }: { keepWebhooks: boolean }): void {
  store.transaction(() => {
    for (const table of ["deliveries", "trigger_failures", "messages", "bounces", "suppressions"])
      store.run(`delete from ${table}`);
    if (!keepWebhooks) store.run("delete from webhooks");
  });
}
