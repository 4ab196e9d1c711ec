import { nothing, type PayloadOf, task } from "#queue/task.ts";

declare global {
  namespace GraphileWorker {
    interface Tasks {
      "mail/prune": PayloadOf<typeof prune>;
    }
  }
}

const prune = task({
  payload: nothing,
  run: (_payload, { query }) => query("select mail.forget_words()"),
});

export default prune;
