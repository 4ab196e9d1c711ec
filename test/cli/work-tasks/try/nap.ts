import { setTimeout as sleep } from "node:timers/promises";
import * as v from "valibot";
import { task } from "#queue/task.ts";

/** Takes its time; several of it show how many run at once and what becomes of those that are interrupted. */
export default task({
  payload: v.object({ ms: v.number() }),
  run: async ({ ms }, { signal }) => {
    await sleep(ms, undefined, { signal });
  },
});
