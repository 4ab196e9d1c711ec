import { nothing, type PayloadOf, task } from "#queue/task.ts";

declare global {
  namespace GraphileWorker {
    interface Tasks {
      "notify/deliver": PayloadOf<typeof deliver>;
    }
  }
}

const deliver = task({
  transactional: true,
  payload: nothing,
  run: (_payload, { query }) => query("select notify.deliver()"),
});

export default deliver;
