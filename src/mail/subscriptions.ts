import { type RawBuilder, sql } from "kysely";
import type { Database } from "#db/kysely.ts";

/** What the holder of a letter's token may see and choose. */
export type Subscriptions = {
  locale: string;
  communityName: string;
  colour: string;
  /** Enough of the address to know one's own by. */
  address: string;
  /** What the letter was of. */
  category: string;
  /** Whether that is off already. */
  left: boolean;
  choices: { category: string; frequency: string; frequencies: string[] }[];
};

/** Frequencies by category. */
export type Choices = Record<string, string>;

/** Null for a token that is none, or whose letter is no more. */
export async function subscriptionsOf(db: Database, token: string): Promise<Subscriptions | null> {
  return of(db, token, sql`select notify.subscriptions_by_token(${token}) as value`);
}

/** Turns off what the letter was of; answers how it was before, null for a token that is none. */
export async function leave(db: Database, token: string): Promise<Choices | null> {
  return of(db, token, sql`select notify.leave_by_token(${token}) as value`);
}

/** Of the categories of the token; what cannot be chosen is passed over. */
export async function choose(db: Database, token: string, choices: Choices): Promise<void> {
  await of(db, token, sql`select notify.choose_by_token(${token}, ${JSON.stringify(choices)}) as value`);
}

async function of<Value>(db: Database, token: string, query: RawBuilder<unknown>): Promise<Value | null> {
  if (!/^[\w-]{1,100}$/.test(token)) return null;
  const { rows } = await query.execute(db);
  return (rows[0] as { value: Value | null } | undefined)?.value ?? null;
}
