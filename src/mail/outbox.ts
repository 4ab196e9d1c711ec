import type { Queryable } from "./database.ts";
import { type Lane, lanes } from "./lanes.ts";
import { Pump, type PumpOptions } from "./pump.ts";
import type { MailTransport } from "./transport.ts";

export type { Queryable } from "./database.ts";

export type FlushOptions = PumpOptions & {
  /** Which letters; all unless told. */
  lanes?: readonly Lane[];
};

/**
 * Hands over every letter that is due, each lane by itself, until none is left, nothing may go, or its patience ends. A
 * lane that this process is flushing already is only told to look again. Throws when the database fails: the letters in
 * hand then keep their lease, and when it ends the provider is asked about them.
 */
export async function flushOutbox(
  db: Queryable,
  transport: MailTransport,
  { lanes: wanted = lanes, ...options }: FlushOptions = {},
): Promise<void> {
  const pumps = pumpsOf(transport);
  await Promise.all(wanted.map((lane) => pumps[lane].flush(db, options)));
}

/** What was learned of the provider's mood outlives a flush. */
function pumpsOf(transport: MailTransport): Record<Lane, Pump> {
  const known = allPumps.get(transport);
  if (known) return known;
  const entries = lanes.map((lane) => [lane, new Pump(transport, lane)]);
  const pumps: Record<Lane, Pump> = Object.fromEntries(entries);
  allPumps.set(transport, pumps);
  return pumps;
}

const allPumps = new WeakMap<MailTransport, Record<Lane, Pump>>();
