import type { FromWorker, ToWorker } from "#queue/worker-process.ts";

/** How a process that a supervisor watches may behave. */
export type Behaviour = "good" | "never starts" | "falls silent" | "crashes" | "does not stop" | "leaves";

const tell = (message: FromWorker) => process.send?.(message);

process.on("message", (message: ToWorker) => {
  if (message.type === "start") live(message.settings as Behaviour);
});

function live(behaviour: Behaviour): void {
  if (behaviour === "never starts") {
    tell({ type: "failed", message: "There is no queue of that name." });
    process.disconnect();
    return;
  }
  tell({ type: "ready" });
  setInterval(() => tell({ type: "beat", running: 0 }), 50).unref();
  if (behaviour === "crashes") process.kill(process.pid, "SIGKILL");
  if (behaviour === "falls silent")
    setTimeout(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0));
  if (behaviour === "leaves") tell({ type: "leaving", reason: "memory" });
  process.on("message", ({ type }: ToWorker) => {
    if ((type === "stop" || type === "drain") && behaviour !== "does not stop") process.exit(0);
  });
  process.on("disconnect", () => process.exit(0));
}
