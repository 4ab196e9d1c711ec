import type { Pool } from "pg";
import type { Queryable } from "#mail/outbox.ts";
import type { Outcome } from "#mail/outcome.ts";
import type { PostmarkSettings } from "#mail/postmark.ts";
import type { MailTransport } from "#mail/transport.ts";
import { configureMail } from "#mail/transport.ts";

export type LetterRow = {
  id: string;
  state: string;
  attempt: number;
  subject: string | null;
  html: string | null;
  text: string | null;
  secret: boolean;
  unsubscribe_token: string | null;
  error: string | null;
  error_code: string | null;
  provider_message_id: string | null;
  look_ups: number;
  later: boolean;
};

export async function enqueue(db: Queryable, values: Record<string, unknown> = {}): Promise<string> {
  const letter = {
    template: "sign-in-link",
    recipient: "ada@school.test",
    data: { personName: "Ada", signInToken: "t0ken", code: "123456" },
    dedupe_key: crypto.randomUUID(),
    stream: "outbound",
    priority: 100,
    expires_at: null,
    ...values,
  };
  const named = Object.keys(letter).map((name, index) => `${name} => $${index + 1}`);
  const { rows } = await db.query(`select mail.enqueue(${named.join(", ")}) as id`, Object.values(letter));
  return (rows[0] as { id: string }).id;
}

export async function letterOf(pool: Pool, id: string): Promise<LetterRow> {
  const { rows } = await pool.query<LetterRow>(
    `select l.*, w.subject, w.html, w.text, l.not_before > now() as later
     from mail.letters l left join mail.words w on w.letter_id = l.id where l.id = $1`,
    [id],
  );
  if (!rows[0]) throw new Error(`no letter ${id}`);
  return rows[0];
}

/** Jobs that wait for a task, with the seconds until they are due. */
export async function bells(pool: Pool, task: "mail/flush" | "mail/reconcile"): Promise<number[]> {
  const { rows } = await pool.query<{ seconds: number }>(
    `select greatest(available_at - extract(epoch from now()), 0)::int as seconds from queue.jobs
     where payload::json ->> 'job' = $1 and reserved_at is null order by 1`,
    [task],
  );
  return rows.map(({ seconds }) => seconds);
}

/** The clock of the outbox: all that was written down moves into the past. */
export async function letTimePass(pool: Pool, interval: string): Promise<void> {
  await pool.query(
    `update mail.letters set not_before = not_before - $1::interval, expires_at = expires_at - $1::interval,
       lease_until = lease_until - $1::interval, last_tx_at = last_tx_at - $1::interval,
       absent_after = absent_after - $1::interval, next_look_up_at = next_look_up_at - $1::interval,
       created_at = created_at - $1::interval`,
    [interval],
  );
  await pool.query(
    "update mail.streams set resting_until = resting_until - $1::interval, allowed_at = allowed_at - $1::interval",
    [interval],
  );
}

export async function emptyOutbox(pool: Pool): Promise<void> {
  await pool.query(
    `truncate mail.letters cascade; truncate mail.streams, mail.suppressions;
     insert into mail.streams (stream) values ('outbound'), ('broadcast');
     delete from graphile_worker._private_jobs`,
  );
}

export function transportTo(endpoint: string): MailTransport {
  return configureMail(senderAt(endpoint));
}

export function senderAt(endpoint: string): PostmarkSettings {
  const from = "School <mail@school.test>";
  return { token: "sandbox-test", from, endpoint, publicUrl: "https://school.test" };
}

/** Hands letters over as `inner` does, but answers as if the answer had been lost or changed. */
export function answering(inner: MailTransport, answer: (outcome: Outcome) => Outcome): MailTransport {
  return {
    ...inner,
    sendBatch: async (letters, inTime) => (await inner.sendBatch(letters, inTime)).map(answer),
  };
}

/** Sends nothing and gives every letter the same outcome. */
export function deaf(outcome: Outcome): MailTransport {
  return {
    sendBatch: async (letters) => letters.map(() => outcome),
    findBatch: async () => [],
    findLetter: async () => [],
  };
}
