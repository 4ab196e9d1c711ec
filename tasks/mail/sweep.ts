import * as v from "valibot";
import { askForEvents } from "#mail/asking.ts";
import { feedback } from "#mail/feedback.ts";
import { type PayloadOf, task } from "#queue/task.ts";

declare global {
  namespace GraphileWorker {
    interface Tasks {
      "mail/sweep": PayloadOf<typeof sweep>;
    }
  }
}

const sweep = task({
  queue: "bulk",
  tries: 3,
  timeout: 3600,
  payload: v.object({ wanted: v.optional(v.boolean(), false) }),
  run: ({ wanted }, { query, signal }) => askForEvents({ query }, feedback(), { wanted, signal }),
});

export default sweep;
