import type pg from "pg";
import { impatiently } from "#db/impatient.ts";
import { insist, isAway } from "#db/insist.ts";
import { atMost } from "#lib/at-most.ts";
import type { Job } from "#queue/job.ts";

/** The connection of a transaction was lost, for no fault of the task. */
export class CutOff extends Error {
  override readonly name = "CutOff";

  constructor(cause: unknown) {
    super("Its transaction was cut off.", { cause });
  }
}

/**
 * Runs `work` and then `complete` in one transaction, which is committed when `complete` says so. A task that was left
 * behind must not write into the transaction of whoever gets its connection next: once `work` has ended, its `query` is
 * refused.
 */
export async function inTransaction(
  { pool, givenUp }: { pool: pg.Pool; givenUp: AbortSignal },
  work: (query: Job["query"]) => Promise<void>,
  complete: (client: pg.PoolClient) => Promise<boolean>,
): Promise<boolean> {
  const client = await insist(() => begin(pool), givenUp); // nothing has failed that has not begun
  let broken = true;
  let over = false;
  const query: Job["query"] = async (text, values) => {
    if (over) throw new Error("This attempt is over: its transaction has ended.");
    return client.query(text, values);
  };
  try {
    await work(query).finally(() => {
      over = true;
    });
    const done = await complete(client);
    await client.query(impatiently({ text: done ? "commit" : "rollback" }));
    broken = false;
    return done;
  } catch (error) {
    const end = await rollBack(client);
    broken = end !== "done";
    throw end === "lost" && isAway(error) ? new CutOff(error) : error;
  } finally {
    client.release(broken);
  }
}

async function begin(pool: pg.Pool): Promise<pg.PoolClient> {
  const client = await pool.connect();
  try {
    await client.query(impatiently({ text: "begin" }));
    return client;
  } catch (error) {
    client.release(true);
    throw error;
  }
}

/** A statement of the task that still runs would keep the rollback waiting. */
async function rollBack(client: pg.PoolClient): Promise<"done" | "lost" | "busy"> {
  const end = client.query("rollback").then(
    () => "done" as const,
    () => "lost" as const,
  );
  return (await atMost(1000, end)) ?? "busy";
}
