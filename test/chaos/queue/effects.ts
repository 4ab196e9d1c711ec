import * as v from "valibot";
import type { Job } from "#queue/job.ts";

export const payload = v.object({
  n: v.optional(v.number()),
  chain: v.optional(v.string()),
  batchId: v.optional(v.string()),
  told: v.optional(v.string()),
  ms: v.optional(v.number()),
});

export type Payload = v.InferOutput<typeof payload>;

/** What a job does in the database: one row, where a double would be seen. */
export async function leaveEffect(given: Payload, job: Job, query: Job["query"]): Promise<void> {
  const owner = job.batchId ?? given.batchId ?? given.chain;
  await query(
    "insert into chaos.effects (uuid, kind, owner, n, attempt, pid) values ($1, $2, $3, $4, $5, $6)",
    [job.uuid, kindOf(given, job), owner, given.n, job.attempt, process.pid],
  );
}

function kindOf({ told, chain }: Payload, { task, batchId }: Job): string {
  if (told !== undefined) return `told ${told}`;
  if (batchId !== undefined) return "member";
  return chain === undefined ? task : "link";
}
