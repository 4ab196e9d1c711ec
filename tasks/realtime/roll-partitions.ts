import type { Task } from "graphile-worker";

declare global {
  namespace GraphileWorker {
    interface Tasks {
      "realtime/roll-partitions": Record<string, never>;
    }
  }
}

const rollPartitions: Task<"realtime/roll-partitions"> = async (_payload, { query }) => {
  await query("select realtime.roll_partitions()");
};

export default rollPartitions;
