import {
  ask,
  type DispatchOptions,
  type JobSpec,
  type Queryable,
  specOf,
  type TaskName,
} from "#queue/dispatch.ts";

/** A job of a batch. It cannot be unique: the batch would wait for one that was not dispatched. */
export type MemberSpec = JobSpec & { unique?: never; debounce?: never };

/** Jobs with a common end; a list within the list is a chain. */
export type BatchJobs = readonly (MemberSpec | readonly MemberSpec[])[];

/** A job that is dispatched as the batch goes on: its payload gets `batchId`, that of `onFailure` also `failedJob`. */
export type CallbackSpec<Name extends TaskName = TaskName> = {
  [N in Name]: Omit<DispatchOptions, "unique" | "debounce" | "encrypted"> & {
    task: N;
    payload: Omit<GraphileWorker.Tasks[N], "batchId" | "failedJob">;
  };
}[Name];

export type BatchOptions = {
  name?: string;
  /** A failure does not cancel the rest. */
  allowFailures?: boolean;
  /** After successes, at most once a second. */
  onProgress?: CallbackSpec;
  /** Once, when every job has succeeded. */
  onSuccess?: CallbackSpec;
  /** Once, at the first failure. */
  onFailure?: CallbackSpec;
  /** Once, when every job has run. */
  onEnd?: CallbackSpec;
};

export type Batch = {
  id: string;
  name: string;
  total: number;
  /** Not yet succeeded; a failed job is pending too, for it can be retried. */
  pending: number;
  failed: number;
  /** Percent that is done. */
  progress: number;
  cancelledAt: Date | null;
  finishedAt: Date | null;
};

/** Dispatches a batch and returns its id. Throws what `dispatch` throws, also for the callbacks. */
export async function dispatchBatch(
  db: Queryable,
  jobs: BatchJobs,
  { name = "", allowFailures = false, onProgress, onSuccess, onFailure, onEnd }: BatchOptions = {},
): Promise<string> {
  return ask(
    db,
    "select queue.dispatch_batch($1, $2, $3, $4, $5, $6, $7) as answer",
    await specsOf(jobs),
    name,
    allowFailures,
    ...(await Promise.all([
      callbackOf(onProgress),
      callbackOf(onSuccess),
      callbackOf(onFailure, { failedJob: nobody }),
      callbackOf(onEnd),
    ])),
  );
}

/** Adds jobs to a batch, also from inside one of its jobs; returns how many, 0 when the batch is over. */
export async function addToBatch(db: Queryable, batchId: string, jobs: BatchJobs): Promise<number> {
  return ask(db, "select queue.add_to_batch($2, $1) as answer", await specsOf(jobs), batchId);
}

/** What runs, ends; what waits is skipped. False when the batch was over. */
export async function cancelBatch(db: Queryable, batchId: string): Promise<boolean> {
  const { rows } = await db.query("select queue.cancel_batch($1) as cancelled", [batchId]);
  return rows[0]?.cancelled as boolean;
}

export async function batchOf(db: Queryable, batchId: string): Promise<Batch | undefined> {
  const { rows } = await db.query(
    `select id, name, total_jobs as total, pending_jobs as pending, failed_jobs as failed, percent as progress,
       cancelled_at as "cancelledAt", finished_at as "finishedAt"
     from queue.job_batches where id = $1`,
    [batchId],
  );
  return rows[0] as Batch | undefined;
}

function specsOf(jobs: BatchJobs): Promise<(Spec | Spec[])[]> {
  return Promise.all(jobs.map((job) => ("task" in job ? specOf(job) : Promise.all(job.map(specOf)))));
}

type Spec = Record<string, unknown>;

/** Validated as it will run; stored as it was given. */
async function callbackOf(given: CallbackSpec | undefined, more: object = {}): Promise<string | null> {
  if (!given) return null;
  const full = { ...given, payload: { ...given.payload, batchId: nobody, ...more } };
  return JSON.stringify({ ...(await specOf(full as JobSpec)), payload: given.payload });
}

const nobody = "00000000-0000-4000-8000-000000000000";
