import type { NameValue } from "../fields.ts";
import type { Store } from "./store.ts";

export type Webhook = {
  id: number;
  stream: string;
  url: string;
  httpAuth: { Username: string; Password: string } | null;
  httpHeaders: NameValue[];
  triggers: Triggers;
  /** An unverified one hears nothing. */
  status: "verified" | "unverified";
};

export type Triggers = {
  Open: { Enabled: boolean; PostFirstOpenOnly: boolean };
  Click: { Enabled: boolean };
  Delivery: { Enabled: boolean };
  Bounce: { Enabled: boolean; IncludeContent: boolean };
  SpamComplaint: { Enabled: boolean; IncludeContent: boolean };
  SubscriptionChange: { Enabled: boolean };
};

/** Id 0 makes a new one. Returns it with its id. */
export function saveWebhook(store: Store, webhook: Webhook): Webhook {
  const { id } = store.run(
    `insert into webhooks (id, stream, url, http_auth, http_headers, triggers, status)
     values (?, ?, ?, ?, ?, ?, ?)
     on conflict (id) do update set stream = excluded.stream, url = excluded.url, http_auth = excluded.http_auth,
       http_headers = excluded.http_headers, triggers = excluded.triggers, status = excluded.status`,
    webhook.id || null,
    webhook.stream,
    webhook.url,
    webhook.httpAuth && JSON.stringify(webhook.httpAuth),
    JSON.stringify(webhook.httpHeaders),
    JSON.stringify(webhook.triggers),
    webhook.status,
  );
  return { ...webhook, id: webhook.id || id };
}

export function findWebhook(store: Store, id: number): Webhook | undefined {
  const row = store.get<Row>("select * from webhooks where id = ?", id);
  return row && toWebhook(row);
}

/** Of one stream, or of all. */
export function listWebhooks(store: Store, stream?: string): Webhook[] {
  return store
    .all<Row>("select * from webhooks where ? in (stream, '') order by id", stream ?? "")
    .map(toWebhook);
}

export function deleteWebhook(store: Store, id: number): boolean {
  return store.run("delete from webhooks where id = ?", id).changes > 0;
}

type Row = {
  id: number;
  stream: string;
  url: string;
  http_auth: string | null;
  http_headers: string;
  triggers: string;
  status: Webhook["status"];
};

function toWebhook({ id, stream, url, http_auth, http_headers, triggers, status }: Row): Webhook {
  return {
    ...{ id, stream, url, status },
    httpAuth: http_auth === null ? null : JSON.parse(http_auth),
    httpHeaders: JSON.parse(http_headers),
    triggers: JSON.parse(triggers),
  };
}
