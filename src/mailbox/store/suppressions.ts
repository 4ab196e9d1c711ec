import type { Store } from "./store.ts";

export type Suppression = {
  stream: string;
  /** In lower case. */
  address: string;
  reason: "HardBounce" | "SpamComplaint" | "ManualSuppression";
  origin: "Recipient" | "Customer" | "Admin";
  createdAt: Date;
};

/** Leaves the one that is already there. Says whether it was added. */
export function addSuppression(
  store: Store,
  { stream, address, reason, origin, createdAt }: Suppression,
): boolean {
  const { changes } = store.run(
    `insert into suppressions (stream, address, reason, origin, created_at) values (?, ?, ?, ?, ?)
     on conflict do nothing`,
    stream,
    address.toLowerCase(),
    reason,
    origin,
    createdAt.getTime(),
  );
  return changes > 0;
}

export function findSuppression(store: Store, stream: string, address: string): Suppression | undefined {
  const row = store.get<Row>(
    "select * from suppressions where stream = ? and address = ?",
    stream,
    address.toLowerCase(),
  );
  return row && toSuppression(row);
}

export function removeSuppression(store: Store, stream: string, address: string): void {
  store.run("delete from suppressions where stream = ? and address = ?", stream, address.toLowerCase());
}

/** Newest first. */
export function suppressionsOf(store: Store, stream: string): Suppression[] {
  return store
    .all<Row>("select * from suppressions where stream = ? order by created_at desc, address", stream)
    .map(toSuppression);
}

type Row = Omit<Suppression, "createdAt"> & { created_at: number };

function toSuppression({ created_at, ...row }: Row): Suppression {
  return { ...row, createdAt: new Date(created_at) };
}
