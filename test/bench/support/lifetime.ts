import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import os from "node:os";

/** What the run has started and must stop, in reverse order, at its end or when it is interrupted. */
export type Lifetime = AsyncDisposableStack;

/** Runs `work`; whatever it put on the stack is stopped when it ends, and on Ctrl+C. */
export async function untilDone(work: (life: Lifetime) => Promise<void>): Promise<void> {
  const life = new AsyncDisposableStack();
  let interrupted = false;
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
    process.once(signal, async () => {
      interrupted = true;
      process.on("uncaughtException", () => {}); // connections break while their servers stop
      process.stderr.write(`\n${signal}: stopping what was started\n`);
      await life.disposeAsync();
      process.exit(128 + os.constants.signals[signal]);
    });
  try {
    await work(life);
  } catch (error) {
    if (interrupted) await new Promise(() => {}); // the signal's handler ends the process
    throw error;
  } finally {
    await life.disposeAsync();
  }
}

/** Makes the child die with the run. One that was born while the run was being stopped dies at once. */
export function keep<T extends ChildProcess>(life: Lifetime, child: T): T {
  if (life.disposed) {
    child.kill("SIGKILL");
    throw new Error("The run was stopped.");
  }
  life.defer(() => kill(child));
  return child;
}

export async function kill(child: ChildProcess, signal: NodeJS.Signals = "SIGKILL"): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const exited = once(child, "exit");
  child.kill(signal);
  await exited;
}
