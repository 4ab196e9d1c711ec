import * as v from "valibot";
import { Fail, Snooze } from "#queue/errors.ts";
import { task } from "#queue/task.ts";

/** Does as its payload says. */
export default task({
  payload: v.object({ end: v.optional(v.picklist(["fail", "throw", "snooze"])), ms: v.optional(v.number()) }),
  async run({ end, ms = 0 }) {
    await new Promise((resolve) => setTimeout(resolve, ms));
    if (end === "fail") throw new Fail("It never will.");
    if (end === "throw") throw new TypeError("It broke.");
    if (end === "snooze") throw new Snooze(3600);
  },
});
