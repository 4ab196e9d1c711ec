import * as v from "valibot";
import { task } from "#queue/task.ts";
import { Worker } from "#queue/worker.ts";
import { concurrency } from "../contestant.ts";
import { perform, serve } from "./report.ts";

const noop = task({
  payload: v.object({ ms: v.optional(v.number()), probe: v.optional(v.number()) }),
  run: async (work) => perform(work),
});

await serve(async ({ databaseUrl }: { databaseUrl: string }) => {
  const tasks = new Map([["bench/noop", noop]]);
  const worker = new Worker({ databaseUrl, tasks, slots: concurrency, schedule: false });
  await worker.start();
  return () => worker[Symbol.asyncDispose]();
});
