import { randomBytes } from "node:crypto";
import { type RawBuilder, sql } from "kysely";
import type { Database } from "#db/kysely.ts";

export type Person = { id: string; name: string };

/** How long a minted JWT lives, in seconds: a revoked session ends with its last token. */
export const accessTokenLifetime = 15 * 60;

/** How long a session lives, in seconds. */
export const sessionLifetime = 60 * 24 * 60 * 60;

/** Uses up a sign-in link and opens a session; null if the link was used, has expired or never was. */
export async function signIn(
  db: Database,
  token: string,
  userAgent: string,
): Promise<{ sessionToken: string; person: Person } | null> {
  const sessionToken = randomBytes(32).toString("base64url");
  const person = await one<Person>(
    db,
    sql`select id, name from app.sign_in(${token}, ${sessionToken}, ${userAgent})`,
  );
  return person ? { sessionToken, person } : null;
}

/** The person of a living session, or null. */
export function personOfSession(db: Database, sessionToken: string): Promise<Person | null> {
  return one<Person>(db, sql`select id, name from app.person_of_session(${sessionToken})`);
}

export async function signOut(db: Database, sessionToken: string): Promise<void> {
  await sql`select app.sign_out(${sessionToken})`.execute(db);
}

/** Mails a sign-in link if somebody has the address; the caller learns nothing either way. */
export async function requestLink(db: Database, address: string): Promise<void> {
  await sql`select app.request_sign_in_link(${address})`.execute(db);
}

/** A fresh single-use token per address, for the console of a demo; addresses that nobody has are left out. */
export async function linksFor(
  db: Database,
  addresses: string[],
): Promise<{ name: string; address: string; token: string }[]> {
  return db
    .selectFrom("app.email_addresses as e")
    .innerJoin("app.people as p", "p.id", "e.person_id")
    .select(["p.name", "e.address", sql<string>`app.create_sign_in_link(p.id, '1 day')`.as("token")])
    .where("e.address", "in", addresses)
    .execute();
}

async function one<Row>(db: Database, query: RawBuilder<unknown>): Promise<Row | null> {
  const { rows } = await query.execute(db);
  return (rows[0] as Row | undefined) ?? null;
}
