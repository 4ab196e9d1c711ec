/** A named queue: `concurrency` is how many of its jobs one process runs at once. */
export type Queue = { readonly name: string; readonly concurrency: number };

/** The queues that every worker process serves. A queue is a graphile-worker task identifier. */
export const queues: readonly Queue[] = [
  { name: "high", concurrency: 5 },
  { name: "default", concurrency: 5 },
  { name: "mail", concurrency: 2 },
];

/** The queue that also serves jobs that were added by plain graphile_worker.add_job('some/task'). */
export const defaultQueue = "default";
