import { randomBytes } from "node:crypto";
import { type RawBuilder, sql } from "kysely";
import type { Database } from "#db/kysely.ts";
import { codeOf } from "#errors.ts";

/** A person on one of their devices. */
export type Holder = { id: string; name: string; session_id: string };

export type SignedIn = { sessionToken: string; holder: Holder };

/** How long a minted JWT lives, in seconds: a revoked session ends with its last token. */
export const accessTokenLifetime = 15 * 60;

/** How long a browser keeps the cookie after its last use, in seconds; the database says how long the session lives. */
export const sessionLifetime = 30 * 24 * 60 * 60;

/** Uses up a link or an invitation and opens a session; null if it was used, has expired or never was. */
export function signIn(db: Database, token: string, userAgent: string): Promise<SignedIn | null> {
  return open((fresh) => one(db, sql`select * from app.sign_in(${token}, ${fresh}, ${userAgent})`));
}

/** The same by the six digits of a letter; null too when they were tried too often. */
export function signInByCode(
  db: Database,
  { email, code }: { email: string; code: string },
  userAgent: string,
): Promise<SignedIn | null> {
  return open((fresh) =>
    one(db, sql`select * from app.sign_in_by_code(${email}, ${code}, ${fresh}, ${userAgent})`),
  );
}

async function open(by: (sessionToken: string) => Promise<Holder | null>): Promise<SignedIn | null> {
  const sessionToken = randomBytes(32).toString("base64url");
  const holder = await by(sessionToken).catch(closed);
  return holder && { sessionToken, holder };
}

/** What the invitation led to is closed by now: as good as expired. */
function closed(error: unknown): null {
  if (/^HW4/.test(codeOf(error) ?? "")) return null;
  throw error;
}

/** Who holds a living session, or null. */
export function holderOf(db: Database, sessionToken: string): Promise<Holder | null> {
  return one(db, sql`select * from app.person_of_session(${sessionToken})`);
}

export async function signOut(db: Database, sessionToken: string): Promise<void> {
  await sql`select app.sign_out(${sessionToken})`.execute(db);
}

/** Has a link mailed if somebody has the address; neither the answer nor its time tells the caller. */
export async function requestLink(db: Database, address: string): Promise<void> {
  await sql`select app.request_sign_in_link(${address})`.execute(db);
}

/** A single-use token that makes the owner of a community without people; null once it has some. */
export async function ownerToken(db: Database): Promise<string | null> {
  return (
    (await one<{ token: string | null }>(db, sql`select app.create_owner_link() as token`))?.token ?? null
  );
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
