import { emit } from "#telemetry.ts";
import { announceDuplicates, type Queryable } from "./outbox.ts";
import type { MailTransport } from "./transport.ts";

/**
 * Asks the provider about hand-overs without an answer, one look-up for a whole batch, until none is due. A look-up
 * that fails proves nothing and does not count; it is repeated a minute later.
 */
export async function reconcileOutbox(
  db: Queryable,
  transport: MailTransport,
  signal?: AbortSignal,
): Promise<void> {
  while (!signal?.aborted) {
    const batches = await claimLookUps(db);
    if (batches.length === 0) return;
    for (const batch of batches) await lookUp(db, transport, batch);
  }
}

type Batch = { stream: string; batchId: string; letters: number };

async function claimLookUps(db: Queryable): Promise<Batch[]> {
  const { rows } = await db.query(
    `select stream, batch_id as "batchId", letters from mail.claim_look_ups($1)`,
    [10],
  );
  return rows as Batch[];
}

async function lookUp(
  db: Queryable,
  transport: MailTransport,
  { stream, batchId, letters }: Batch,
): Promise<void> {
  const found = await transport.findBatch(stream, batchId).catch((error: unknown) => {
    emit("mail:look-up-failed", { stream, batch: batchId, error });
    return undefined;
  });
  if (!found) return;
  const { rows } = await db.query("select id, state, duplicate from mail.record_look_up($1, $2)", [
    batchId,
    JSON.stringify(found),
  ]);
  emit("mail:looked-up", { stream, batch: batchId, letters, found: found.length });
  announceDuplicates(rows as Parameters<typeof announceDuplicates>[0]);
}
