import { codeOf } from "#errors.ts";
import { emit } from "#telemetry.ts";
import type { Queryable } from "./database.ts";
import { announceDuplicates } from "./hand-over.ts";
import type { Found } from "./look-up.ts";
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
    for (const batch of batches) await settle(db, transport, batch);
  }
}

type Batch = { stream: string; batchId: string; letters: string[] };

async function claimLookUps(db: Queryable): Promise<Batch[]> {
  const { rows } = await db.query(
    `select stream, batch_id as "batchId", letters from mail.claim_look_ups($1)`,
    [10],
  );
  return rows as Batch[];
}

async function settle(db: Queryable, transport: MailTransport, batch: Batch): Promise<void> {
  const { stream, batchId } = batch;
  const answer = await lookUp(transport, batch).catch((error: unknown) => {
    emit("mail:look-up-failed", { stream, batch: batchId, error });
    return undefined;
  });
  if (!answer) return;
  const { asked, found } = answer;
  const { rows } = await db.query("select mail.record_look_up($1, $2) as id", [asked, JSON.stringify(found)]);
  emit("mail:looked-up", { stream, batch: batchId, letters: asked.length, found: found.length });
  announceDuplicates((rows as { id: string }[]).map(({ id }) => id));
}

type Answer = { asked: string[]; found: Found[] };

/** A single letter is asked for by its own id, which also finds what became of its earlier attempts. */
async function lookUp(transport: MailTransport, { stream, batchId, letters }: Batch): Promise<Answer> {
  if (letters.length === 1) return lookUpSingly(transport, stream, letters);
  try {
    return { asked: letters, found: await transport.findBatch(stream, batchId) };
  } catch (error) {
    if (codeOf(error) !== "LookUpProvesNothing") throw error;
    return lookUpSingly(transport, stream, letters.slice(0, mostSingly));
  }
}

/** The rest of a batch is asked for by a later look-up. */
const mostSingly = 20;

async function lookUpSingly(transport: MailTransport, stream: string, letters: string[]): Promise<Answer> {
  const found: Found[] = [];
  for (const letter of letters) found.push(...(await transport.findLetter(stream, letter)));
  return { asked: letters, found };
}
