import type pg from "pg";
import type { Claims } from "#auth/claims.ts";
import { emit } from "#telemetry.ts";
import { RealtimeError } from "./errors.ts";

/** What a channel may do; on a public channel everything. */
export type Permissions = Readonly<{
  readBroadcast: boolean;
  readPresence: boolean;
  writeBroadcast: boolean;
  writePresence: boolean;
  writePersistence: boolean;
}>;

export const everything: Permissions = {
  readBroadcast: true,
  readPresence: true,
  writeBroadcast: true,
  writePresence: true,
  writePersistence: true,
};

type Answer = {
  read_broadcast: boolean;
  read_presence: boolean;
  write_broadcast: boolean;
  write_presence: boolean;
  write_persistence: boolean;
  reason: string | null;
};

/** It writes rows and takes them back; there is nothing to wait for the disk for. */
const question = `
  select a.* from (select set_config('synchronous_commit', 'off', true)) s, realtime.authorize($1, $2, $3, $4) a`;

/** Asks the policies on realtime.messages. Throws RealtimeError when the database cannot be asked. */
export async function authorize(
  pool: pg.Pool,
  name: string,
  claims: Claims,
  headers: Record<string, string>,
): Promise<Permissions> {
  // In Supabase this role has BYPASSRLS, which only a superuser can give.
  if (claims.role === "service_role") return everything;
  const values = [name, claims.role, JSON.stringify(claims), JSON.stringify(headers)];
  const { rows } = await pool
    .query<Answer>(question, values)
    .catch((cause: unknown) => unanswered(name, cause));
  const answer = rows[0] as Answer;
  if (answer.reason) emit("realtime:policy:failed", { topic: name, reason: answer.reason });
  return {
    readBroadcast: answer.read_broadcast,
    readPresence: answer.read_presence,
    writeBroadcast: answer.write_broadcast,
    writePresence: answer.write_presence,
    writePersistence: answer.write_persistence,
  };
}

function unanswered(topic: string, cause: unknown): never {
  emit("realtime:authorization:failed", { topic, error: cause });
  throw new RealtimeError("UnableToSetPolicies", "Permissions could not be checked, try again", { cause });
}
