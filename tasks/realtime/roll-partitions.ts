import { nothing, type PayloadOf, task } from "#queue/task.ts";

declare global {
  namespace GraphileWorker {
    interface Tasks {
      "realtime/roll-partitions": PayloadOf<typeof rollPartitions>;
    }
  }
}

const rollPartitions = task({
  payload: nothing,
  run: (_payload, { query }) => query("select realtime.roll_partitions()"),
});

export default rollPartitions;
