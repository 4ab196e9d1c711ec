import { nothing, type PayloadOf, task } from "#queue/task.ts";

declare global {
  namespace GraphileWorker {
    interface Tasks {
      "queue/prune": PayloadOf<typeof prune>;
    }
  }
}

const prune = task({
  payload: nothing,
  run: (_payload, { query }) => query("select queue.prune()"),
});

export default prune;
