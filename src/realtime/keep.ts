import type pg from "pg";
import type { Broadcast } from "./broadcast.ts";

export type Keepable = Extract<Broadcast, { form: "framed" }>;

/** The same broadcast with an id, by which a client knows it again when it comes by replay. */
export function withId(broadcast: Keepable, id: string): Keepable {
  return { ...broadcast, metadata: JSON.stringify({ id }) };
}

/** Stores a delivered broadcast of a private room for replay. */
export async function keep(pool: pg.Pool, topic: string, id: string, broadcast: Keepable): Promise<void> {
  const { event, encoding, payload } = broadcast;
  const values = encoding === "json" ? [payload.toString(), null] : [null, payload];
  await pool.query("select realtime.keep($1, $2, $3, $4, $5)", [id, topic, event, ...values]);
}
