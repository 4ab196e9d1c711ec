import { hostname } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { codeOf } from "#errors.ts";
import { emit } from "#telemetry.ts";
import type { Queryable } from "./database.ts";
import type { Lane } from "./lanes.ts";
import type { Letter } from "./message.ts";
import type { Outcome } from "./outcome.ts";
import type { Pace } from "./pace.ts";
import type { MailTransport } from "./transport.ts";

/** Letters of one stream that are about to be handed over, which is written down. */
export type Batch = { letters: Letter[]; stream: string; claimedAt: number };

export async function claim(db: Queryable, lane: Lane, size: number): Promise<Batch> {
  const claimedAt = performance.now();
  const { rows } = await db.query(
    `select id, attempt, batch_id as "batchId", stream, recipient, recipient_name as "recipientName",
       template, category, unsubscribe_token as "unsubscribeToken", subject, html, text
     from mail.claim($1, $2, $3)`,
    [size, claimer, lane],
  );
  const letters = rows as Letter[];
  return { letters, stream: letters[0]?.stream ?? "", claimedAt };
}

const claimer = `${hostname()}:${process.pid}`;

/** Sends a batch, writes down what became of it, and sets the pace of the next. */
export async function handOver(
  db: Queryable,
  transport: MailTransport,
  batch: Batch,
  pace: Pace,
): Promise<void> {
  const since = performance.now();
  const answered = await transport.sendBatch(batch.letters, () => leaseHolds(batch));
  const tookMs = performance.now() - since;
  const outcomes = batch.letters.map((_, index) => answered[index] ?? unanswered);
  announceDuplicates(await record(db, batch, outcomes));
  announce(batch, outcomes);
  if (outcomes.some(isAnswer)) pace.succeeded(tookMs);
  await heedTrouble(db, batch, outcomes, pace);
}

const unanswered: Outcome = {
  kind: "unknown",
  reason: "the transport answered for fewer letters than it was given",
};

/** A request may take 30 s: with less than 40 s of the lease left, another process could already hold the letters. */
function leaseHolds({ claimedAt }: Batch): boolean {
  return performance.now() - claimedAt < leaseMs - 40_000;
}

const leaseMs = 120_000; // as mail.claim writes it down

/** Who writes down the same letters at the same time, a webhook perhaps, may be in the way once. */
async function record(db: Queryable, { letters }: Batch, outcomes: Outcome[]): Promise<string[]> {
  const rows = letters.map(({ id, attempt }, index) => toRow(id, attempt, outcomes[index] ?? unanswered));
  for (let tries = 1; ; tries++) {
    try {
      const { rows: duplicates } = await db.query("select mail.record($1) as id", [JSON.stringify(rows)]);
      return (duplicates as { id: string }[]).map(({ id }) => id);
    } catch (error) {
      if (codeOf(error) !== deadlock || tries === 3) throw error;
      await sleep(tries * 100);
    }
  }
}

const deadlock = "40P01";

function toRow(id: string, attempt: number, outcome: Outcome) {
  const { kind } = outcome;
  if (kind === "accepted") return { id, attempt, kind, messageId: outcome.messageId };
  if (kind === "refused") return { id, attempt, kind, code: String(outcome.code), reason: outcome.message };
  if (kind === "notSent") return { id, attempt, kind, code: String(outcome.code), reason: outcome.reason };
  return { id, attempt, kind, reason: outcome.reason, presumedUnsent: outcome.presumedUnsent ?? false };
}

export function announceDuplicates(letters: string[]): void {
  for (const letter of letters) emit("mail:duplicated", { letter });
}

function announce({ stream }: Batch, outcomes: Outcome[]): void {
  const count = (kind: Outcome["kind"]) => outcomes.filter((outcome) => outcome.kind === kind).length;
  emit("mail:flushed", {
    stream,
    accepted: count("accepted"),
    refused: count("refused"),
    notSent: count("notSent"),
    unknown: count("unknown"),
  });
}

/** The service took a decision about a letter. */
function isAnswer(outcome: Outcome): boolean {
  return outcome.kind === "accepted" || outcome.kind === "refused";
}

async function heedTrouble(db: Queryable, { stream }: Batch, outcomes: Outcome[], pace: Pace): Promise<void> {
  const stop = outcomes.find((outcome) => outcome.kind === "notSent" && outcome.stop);
  if (stop?.kind === "notSent") return stopStream(db, stream, stop);
  const [first] = outcomes;
  if (outcomes.some(isAnswer) || !first || !("reason" in first) || isOutOfTime(first)) return;
  pace.troubled();
  const { rows } = await db.query("select mail.rest($1, $2) as until", [stream, first.reason]);
  const [{ until }] = rows as [{ until: Date | null }];
  if (until) emit("mail:resting", { stream, until, reason: first.reason });
}

function isOutOfTime(outcome: Outcome): boolean {
  return outcome.kind === "notSent" && outcome.code === "LEASE";
}

/** Told once, by whoever finds out first. */
async function stopStream(
  db: Queryable,
  stream: string,
  { code, reason }: Extract<Outcome, { kind: "notSent" }>,
): Promise<void> {
  const { rows } = await db.query("select mail.stop($1, $2, $3) as first", [stream, String(code), reason]);
  if ((rows as { first: boolean }[])[0]?.first) emit("mail:stopped", { stream, code, reason });
}
