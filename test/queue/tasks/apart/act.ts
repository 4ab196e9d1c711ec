import * as v from "valibot";
import { Fail, Snooze } from "#queue/errors.ts";
import type { Job } from "#queue/job.ts";
import { task } from "#queue/task.ts";

const payload = v.object({
  act: v.picklist(["tell", "spin", "fail", "snooze", "throw", "crash", "kill", "strange"]),
  at: v.optional(
    v.pipe(
      v.string(),
      v.transform((text) => new Date(text)),
    ),
  ),
});

const acts: Record<
  v.InferOutput<typeof payload>["act"],
  (job: Job, at: Date | undefined) => Promise<unknown> | undefined
> = {
  async tell({ query, progress, log, attempt, uuid }, at) {
    progress(50, "half");
    log(`attempt ${attempt} in ${process.pid}, at ${at?.getTime()}`);
    await query("insert into public.told (uuid, pid) values ($1, $2)", [uuid, process.pid]);
  },
  spin({ log }) {
    log(`pid ${process.pid}`);
    setImmediate(() => {
      for (;;);
    });
    return new Promise(() => {});
  },
  fail: () => Promise.reject(new Fail("never again")),
  snooze: () => Promise.reject(new Snooze(300)),
  throw: () => Promise.reject(new RangeError("out of\0 range", { cause: new Error("the cause of it") })),
  strange: () => Promise.reject(Object.create(null)),
  crash: () => process.exit(3),
  kill: () => {
    process.kill(process.pid, "SIGKILL");
    return new Promise(() => {});
  },
};

export default task({
  isolated: true,
  payload,
  run: async ({ act, at }, job) => acts[act](job, at),
});
