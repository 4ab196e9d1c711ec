/** Settings of a queue as the code declares them; an operator may change each while it runs (queue.configure). */
export type QueueSettings = Partial<{
  /** Jobs at once in one process. */
  concurrency: number;
  /** A freed slot goes to the waiting queue of the lowest rank; `weight` shares within a rank. */
  rank: number;
  weight: number;
  tries: number;
  /** Seconds before the second, third, ... attempt; the last one repeats. */
  backoff: number[];
  timeout_seconds: number;
  /** Jobs per `rate_seconds`, all processes together. */
  rate: number;
  rate_seconds: number;
  on_death: "retry" | "fail";
  payload_bytes: number;
  /** How long failed jobs are kept, as a Postgres interval. */
  keep_failed: string;
}>;

/** The queues that the product ships; a queue more is a line here or `select queue.create_queue('name')`. */
export const queues: Readonly<Record<string, QueueSettings>> = {
  high: { rank: 0, concurrency: 10 },
  default: { weight: 4, concurrency: 10 },
  mail: { weight: 4, concurrency: 4 },
  bulk: { weight: 1, concurrency: 5 },
  media: { weight: 1, concurrency: 2, timeout_seconds: 600 },
};

/** The queue of tasks that name none, and of jobs added by plain graphile_worker.add_job('some/task'). */
export const defaultQueue = "default";
