import { isObject } from "#lib/is-object.ts";

/** What the payload of a job says: which task, with which data, under which name in the failed jobs. */
export type Envelope = { task: string; data: unknown };

/** Reads an envelope (made by queue.dispatch or by Laravel's string jobs); undefined if the payload is none. */
export function readEnvelope(payload: unknown): Envelope | undefined {
  if (!isObject(payload)) return undefined;
  const { job, data } = payload;
  return typeof job === "string" ? { task: job, data: data ?? {} } : undefined;
}
