import { Logger, run } from "graphile-worker";
import type { Work } from "../contestant.ts";
import { perform, serve } from "./report.ts";

/** Plain graphile-worker with the given settings. */
await serve(async ({ url, worker }: { url: string; worker: GraphileConfig.WorkerOptions }) => {
  let stopping = false; // it complains when it stops with jobs in its local queue
  const runner = await run({
    noHandleSignals: true,
    logger: new Logger(() => (level, message) => level === "error" && !stopping && console.error(message)),
    taskList: { job: (payload) => perform(payload as Work) },
    preset: { worker: { connectionString: url, ...worker } },
  });
  return () => {
    stopping = true;
    return runner.stop();
  };
});
