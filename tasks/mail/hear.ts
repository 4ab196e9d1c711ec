import { hearCalls } from "#mail/hearing.ts";
import { nothing, type PayloadOf, task } from "#queue/task.ts";

declare global {
  namespace GraphileWorker {
    interface Tasks {
      "mail/hear": PayloadOf<typeof hear>;
    }
  }
}

const hear = task({
  payload: nothing,
  run: (_payload, { query, signal }) => hearCalls({ query }, signal),
});

export default hear;
