import { sql } from "kysely";
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
  return value(
    db,
    sql<{ value: Subscriptions | null }>`select notify.subscriptions_by_token(${token}) as value`,
  );
}

/** Turns off what the letter was of; answers how it was before, null for a token that is none. */
export async function leave(db: Database, token: string): Promise<Choices | null> {
  return value(db, sql<{ value: Choices | null }>`select notify.leave_by_token(${token}) as value`);
}

/** Answers whether there is such a token; what cannot be chosen is passed over. */
export async function choose(db: Database, token: string, choices: Choices): Promise<boolean> {
  const json = JSON.stringify(choices);
  return (
    (await value(db, sql<{ value: boolean }>`select notify.choose_by_token(${token}, ${json}) as value`)) ??
    false
  );
}

async function value<Value>(
  db: Database,
  query: ReturnType<typeof sql<{ value: Value }>>,
): Promise<Value | null> {
  const { rows } = await query.execute(db);
  return rows[0]?.value ?? null;
}
