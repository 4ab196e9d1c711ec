import { nothing, type PayloadOf, task } from "#queue/task.ts";

declare global {
  namespace GraphileWorker {
    interface Tasks {
      "queue/roll-partitions": PayloadOf<typeof rollPartitions>;
    }
  }
}

const rollPartitions = task({
  payload: nothing,
  run: (_payload, { query }) => query("select queue.roll_partitions()"),
});

export default rollPartitions;
