import type pg from "pg";
import { AppError } from "#errors.ts";
import type { Room } from "../topic.ts";
import type { StoredMessage } from "./ear.ts";

const most = 1000;

type Row = (StoredMessage & { skip_broadcast: boolean; newest: string }) | { id: null; newest: string };

/** What was sent to a topic after the message of that number. Throws AppError HW409 when not all of it can be had. */
export async function readMissed(pool: pg.Pool, { name, private: isPrivate }: Room, after: string) {
  const { rows } = await pool.query<Row>("select * from realtime.missed($1, $2, $3, $4)", [
    ...[name, isPrivate, after, most],
  ]);
  const stored = rows.filter((row): row is Extract<Row, { seq: string }> => row.id !== null);
  const newest = BigInt(rows[0]?.newest ?? 0);
  const isWhole =
    BigInt(stored[0]?.seq ?? newest + 1n) <= BigInt(after) + 1n &&
    BigInt(stored.at(-1)?.seq ?? after) >= newest;
  if (!isWhole) throw gap(after);
  return stored.filter(({ skip_broadcast }) => !skip_broadcast);
}

function gap(after: string): AppError {
  return new AppError(
    "HW409",
    `What was sent after message ${after} is no longer kept, or too much: read anew, and subscribe without \`after\`.`,
  );
}
