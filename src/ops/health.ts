import { sql } from "kysely";
import type { Database } from "#db/kysely.ts";
import { pause } from "#lib/deferred.ts";

/** Whether the database answers within 2 s. */
export function isReady(db: Database): Promise<boolean> {
  const answered = sql`select 1`.execute(db).then(
    () => true,
    () => false,
  );
  return Promise.race([answered, pause(2000).then(() => false)]);
}
