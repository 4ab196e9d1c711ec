import { sql } from "kysely";
import type { Database } from "#db/kysely.ts";
import { atMost } from "#lib/at-most.ts";

/** Whether the database answers within 2 s. */
export async function isReady(db: Database): Promise<boolean> {
  const answered = sql`select 1`.execute(db).then(
    () => true,
    () => false,
  );
  return (await atMost(2000, answered)) ?? false;
}
