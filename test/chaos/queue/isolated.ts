import { pause } from "#lib/pause.ts";
import { task } from "#queue/task.ts";
import { leaveEffect, payload } from "./effects.ts";

/** In a process of its own, which must not outlive the worker that was killed. */
export default task({
  payload,
  tries: 0,
  backoff: [0, 1],
  isolated: true,
  run: async (given, job) => {
    await leaveEffect({ ...given, told: "begun" }, job, job.query);
    await pause(Math.random() * 1000);
    await leaveEffect(given, job, job.query);
  },
});
