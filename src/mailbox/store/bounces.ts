import type { Store } from "./store.ts";

export type NewBounce = {
  messageId: string | null;
  stream: string;
  /** A name of bounceTypes. */
  type: string;
  email: string;
  from: string;
  subject: string;
  tag: string | null;
  description: string;
  details: string;
  /** The raw bounce, as long as it is kept. */
  dump: string | null;
  inactive: boolean;
  canActivate: boolean;
  bouncedAt: Date;
};

export type Bounce = NewBounce & { id: number };

/** Ids go on where the clock stands, so that a mailbox that begins anew does not give one of them twice. */
export function insertBounce(store: Store, bounce: NewBounce): Bounce {
  const { id } = store.run(
    `insert into bounces (
       id, message_id, stream, type, email, from_address, subject, tag, description, details, dump, inactive,
       can_activate, bounced_at
     ) values ((select max(coalesce(max(id), 0) + 1, unixepoch()) from bounces), ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    bounce.messageId,
    bounce.stream,
    bounce.type,
    bounce.email.toLowerCase(),
    bounce.from,
    bounce.subject,
    bounce.tag,
    bounce.description,
    bounce.details,
    bounce.dump,
    bounce.inactive ? 1 : 0,
    bounce.canActivate ? 1 : 0,
    bounce.bouncedAt.getTime(),
  );
  return { ...bounce, id };
}

export function findBounce(store: Store, id: number): Bounce | undefined {
  const row = store.get<Row>("select * from bounces where id = ?", id);
  return row && toBounce(row);
}

/** Newest first. */
export function allBounces(store: Store): Bounce[] {
  return store.all<Row>("select * from bounces order by id desc").map(toBounce);
}

/** The address may be written to again. */
export function reactivate(store: Store, stream: string, email: string): void {
  store.run("update bounces set inactive = 0 where stream = ? and email = ?", stream, email.toLowerCase());
}

type Row = {
  id: number;
  message_id: string | null;
  stream: string;
  type: string;
  email: string;
  from_address: string;
  subject: string;
  tag: string | null;
  description: string;
  details: string;
  dump: string | null;
  inactive: number;
  can_activate: number;
  bounced_at: number;
};

function toBounce(row: Row): Bounce {
  const { id, stream, type, email, subject, tag, description, details, dump } = row;
  return {
    ...{ id, stream, type, email, subject, tag, description, details, dump },
    messageId: row.message_id,
    from: row.from_address,
    inactive: row.inactive === 1,
    canActivate: row.can_activate === 1,
    bouncedAt: new Date(row.bounced_at),
  };
}
