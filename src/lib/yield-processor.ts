import { readdirSync } from "node:fs";
import os from "node:os";

/** Lets every other process of the machine go first where they compete for its cores; costs nothing where they do not. */
export function yieldProcessor(): void {
  for (const thread of threads()) {
    try {
      os.setPriority(thread, os.constants.priority.PRIORITY_BELOW_NORMAL);
    } catch {
      // Some containers forbid it, then all are equal; or the thread has ended.
    }
  }
}

/** On Linux each thread has a priority of its own, the collector's too; threads that are begun later have their parent's. */
function threads(): number[] {
  try {
    return readdirSync("/proc/self/task").map(Number);
  } catch {
    return [process.pid];
  }
}
