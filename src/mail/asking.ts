import { emit } from "#telemetry.ts";
import type { Queryable } from "./database.ts";
import type { Feedback } from "./feedback.ts";
import type { WebhookCall } from "./webhook-call.ts";

export type AskOptions = {
  /** Even though no sweep is due. */
  wanted?: boolean;
  signal?: AbortSignal;
};

/**
 * Asks the provider for what its calls may not have told, and stores it as they are stored: suppressions, bounces, and what
 * became of letters of which nothing was heard. Throws when the provider does not answer; what was stored by then is good.
 */
export async function askForEvents(
  db: Queryable,
  provider: Feedback,
  { wanted = false, signal }: AskOptions = {},
): Promise<boolean> {
  const { rows } = await db.query("select id, since from mail.begin_sweep($1)", [wanted]);
  const [sweep] = rows as { id: string; since: Date }[];
  if (!sweep) return false;
  const { suppressed, lifted } = await compareSuppressions(db, provider);
  const bounces = await storeBounces(db, provider, sweep.since, signal);
  const { letters, deliveries } = await askForDeliveries(db, provider, signal);
  const events = bounces + deliveries;
  if (signal?.aborted) return false;
  await db.query("select mail.end_sweep($1, $2, $3, $4, $5)", [
    sweep.id,
    letters,
    events,
    suppressed,
    lifted,
  ]);
  emit("mail:asked", { letters, events, suppressed, lifted });
  return true;
}

async function compareSuppressions(db: Queryable, provider: Feedback) {
  const lists = await Promise.all(provider.streams.map((stream) => provider.suppressionsOf(stream)));
  const { rows } = await db.query("select suppressed, lifted from mail.store_differences($1, $2)", [
    JSON.stringify(lists.flat()),
    provider.streams,
  ]);
  return rows[0] as { suppressed: number; lifted: number };
}

/** A day at a time, as one question shows 10,000 bounces at most. */
async function storeBounces(
  db: Queryable,
  provider: Feedback,
  since: Date,
  signal?: AbortSignal,
): Promise<number> {
  let stored = 0;
  for (let day = since.getTime(); day <= Date.now() && !signal?.aborted; day += 86_400_000)
    for (const stream of provider.streams)
      stored += await storeFound(db, await provider.bouncesOf(stream, new Date(day)));
  return stored;
}

async function askForDeliveries(db: Queryable, provider: Feedback, signal?: AbortSignal) {
  let [after, letters, deliveries] = ["0", 0, 0];
  while (!signal?.aborted) {
    const { rows } = await db.query("select position, message_id from mail.letters_to_ask($1, $2)", [
      after,
      100,
    ]);
    const page = rows as { position: string; message_id: string }[];
    const last = page.at(-1);
    if (!last) break;
    deliveries += await storeFound(db, await askForEach(provider, page));
    letters += page.length;
    after = last.position;
  }
  return { letters, deliveries };
}

/** A few at a time: the service says nothing about how many it bears. */
async function askForEach(provider: Feedback, letters: { message_id: string }[]): Promise<WebhookCall[]> {
  const calls: WebhookCall[] = [];
  const left = letters.values();
  const ask = async () => {
    for (const { message_id } of left) calls.push(...(await provider.deliveryOf(message_id)));
  };
  await Promise.all([ask(), ask(), ask(), ask()]);
  return calls;
}

async function storeFound(db: Queryable, calls: WebhookCall[]): Promise<number> {
  if (calls.length === 0) return 0;
  const { rows } = await db.query("select mail.store_found($1) as stored", [JSON.stringify(calls)]);
  return (rows[0] as { stored: number }).stored;
}
