import { type WorkHere, workHere } from "#cli/work-here.ts";
import type { Config } from "#config.ts";
import { AppError, messageOf } from "#errors.ts";
import type { FromWorker, ToWorker } from "#queue/worker-process.ts";

/** What a supervisor starts: a process that works as it is told over IPC, and ends when its supervisor is gone. */
export type Settings = { config: Config; here: WorkHere };

const beatMs = 1000;

const stopAsked = new Promise<void>((resolve) => {
  process.on("disconnect", resolve);
  process.on("SIGINT", () => {}).on("SIGTERM", () => resolve()); // Ctrl+C reaches the supervisor too, who tells us
  process.on("message", ({ type }: ToWorker) => type === "stop" && resolve());
});
const drainAsked = new Promise<void>((resolve) => {
  process.on("message", ({ type }: ToWorker) => type === "drain" && resolve());
});
process.on("message", (message: ToWorker) => {
  if (message.type === "start") void run(message.settings as Settings);
});

async function run({ config, here }: Settings): Promise<void> {
  let running = () => 0;
  setInterval(() => tell({ type: "beat", running: running() }), beatMs).unref();
  try {
    const code = await workHere(config, here, {
      stopAsked,
      drainAsked,
      onReady: (worker) => {
        running = () => worker.running;
        tell({ type: "ready" });
      },
      onLeaving: (reason) => tell({ type: "leaving", reason }),
    });
    process.exit(code);
  } catch (error) {
    const message = error instanceof AppError ? error.message : `the start failed: ${messageOf(error)}`;
    process.send?.({ type: "failed", message } satisfies FromWorker, () => process.exit(1));
  }
}

function tell(message: FromWorker): void {
  if (process.connected) process.send?.(message, () => {});
}
