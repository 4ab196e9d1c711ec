import { hostname } from "node:os";
import { emit } from "#telemetry.ts";
import type { Letter } from "./message.ts";
import type { Outcome } from "./outcome.ts";
import type { MailTransport } from "./transport.ts";

/** A pool, a client or a job's helpers. Each call must be a transaction of its own. */
export type Queryable = { query(text: string, values: unknown[]): Promise<{ rows: unknown[] }> };

export type FlushOptions = {
  /** Letters per request, 1 to 500. Default 200. */
  batchSize?: number;
  /** Stops after the batch in hand; the rest is left to another flush. */
  signal?: AbortSignal;
  /** How long one flush may go on before it leaves the rest to the next. Default 30,000 ms. */
  patienceMs?: number;
};

/**
 * Hands over every letter that is due, batch by batch, until none is left or the service is in trouble; then the
 * letters' own back-off has rung for later. Throws only when the database fails: the letters in hand then keep their
 * lease, and when it ends the provider is asked about them.
 */
export async function flushOutbox(
  db: Queryable,
  transport: MailTransport,
  { batchSize = 200, signal, patienceMs = 30_000 }: FlushOptions = {},
): Promise<void> {
  const until = performance.now() + patienceMs;
  for (;;) {
    const claimedAt = performance.now();
    const letters = await claim(db, batchSize);
    if (letters.length === 0) return;
    const outcomes = await handOver(transport, letters, claimedAt);
    await recordOutcomes(db, letters, outcomes);
    if (!outcomes.some(isAnswer)) return;
    if (signal?.aborted || performance.now() > until) return leaveTheRest(db);
  }
}

async function claim(db: Queryable, batchSize: number): Promise<Letter[]> {
  const { rows } = await db.query(
    `select l.id, l.attempt, l.batch_id as "batchId", l.stream, l.recipient, l.recipient_name as "recipientName",
       l.template, l.unsubscribe_token as "unsubscribeToken", w.subject, w.html, w.text
     from mail.claim($1, $2) l
     join mail.words w on w.letter_id = l.id`,
    [batchSize, claimer],
  );
  return rows as Letter[];
}

const claimer = `${hostname()}:${process.pid}`;

async function handOver(transport: MailTransport, letters: Letter[], claimedAt: number): Promise<Outcome[]> {
  const outcomes = await transport.sendBatch(letters, () => leaseHolds(claimedAt));
  return letters.map((_, index) => outcomes[index] ?? unanswered);
}

const unanswered: Outcome = {
  kind: "unknown",
  reason: "the transport answered for fewer letters than it was given",
};

/** A request may take 30 s: with less than 40 s of the lease left, another process could already hold the letters. */
function leaseHolds(claimedAt: number): boolean {
  return performance.now() - claimedAt < leaseMs - 40_000;
}

const leaseMs = 120_000; // as mail.claim writes it down

async function recordOutcomes(db: Queryable, letters: Letter[], outcomes: Outcome[]): Promise<void> {
  const rows = letters.map(({ id, attempt }, index) => toRow(id, attempt, outcomes[index] as Outcome));
  const { rows: states } = await db.query("select id, state, duplicate from mail.record($1)", [
    JSON.stringify(rows),
  ]);
  announce(letters, outcomes);
  announceDuplicates(states as RecordedState[]);
}

function toRow(id: string, attempt: number, outcome: Outcome) {
  const { kind } = outcome;
  if (kind === "accepted") return { id, attempt, kind, messageId: outcome.messageId };
  if (kind === "refused") return { id, attempt, kind, code: String(outcome.code), reason: outcome.message };
  if (kind === "notSent") return { id, attempt, kind, code: String(outcome.code), reason: outcome.reason };
  return { id, attempt, kind, reason: outcome.reason, presumedUnsent: outcome.presumedUnsent ?? false };
}

function announce(letters: Letter[], outcomes: Outcome[]): void {
  const count = (kind: Outcome["kind"]) => outcomes.filter((outcome) => outcome.kind === kind).length;
  const stream = letters[0]?.stream ?? "";
  emit("mail:flushed", {
    stream,
    accepted: count("accepted"),
    refused: count("refused"),
    notSent: count("notSent"),
    unknown: count("unknown"),
  });
  const stop = outcomes.find((outcome) => outcome.kind === "notSent" && outcome.stop);
  if (stop?.kind === "notSent") emit("mail:stopped", { stream, code: stop.code, reason: stop.reason });
}

type RecordedState = { id: string; state: string; duplicate: boolean };

export function announceDuplicates(states: RecordedState[]): void {
  for (const { id, duplicate } of states) if (duplicate) emit("mail:duplicated", { letter: id });
}

/** The service took a decision about a letter, so it is worth going on. */
function isAnswer(outcome: Outcome): boolean {
  return outcome.kind === "accepted" || outcome.kind === "refused";
}

async function leaveTheRest(db: Queryable): Promise<void> {
  await db.query("select mail.wake()", []);
}
