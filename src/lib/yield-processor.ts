import os from "node:os";

/** Lets every other process of the machine go first where they compete for its cores; costs nothing where they do not. */
export function yieldProcessor(): void {
  try {
    os.setPriority(os.constants.priority.PRIORITY_BELOW_NORMAL);
  } catch {
    // Some containers forbid it; then all are equal.
  }
}
