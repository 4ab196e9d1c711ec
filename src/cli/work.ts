import { limitTheStop, parentsEnd, stopSignal } from "#cli/stop-signal.ts";
import { supervise } from "#cli/supervise.ts";
import { workHere } from "#cli/work-here.ts";
import { readWorkOptions, type WorkOptions, workUsage } from "#cli/work-options.ts";
import { type Config, loadConfig } from "#config.ts";
import { AppError, messageOf } from "#errors.ts";

const stopWithinMs = 9500;

/** `howdah work`: runs jobs in this process, or supervises several, until SIGINT or SIGTERM. Ends the process. */
export async function work(args: string[], { startedByNpm = false } = {}): Promise<never> {
  if (args.includes("--help")) {
    process.stdout.write(workUsage);
    process.exit(0);
  }
  const stopAsked = startedByNpm ? Promise.race([stopSignal(), parentsEnd()]) : stopSignal();
  stopAsked.then(() => limitTheStop(stopWithinMs));
  try {
    const [config, options] = [loadConfig(), readWorkOptions(args)];
    process.exit(await (options.max > 1 ? supervised : alone)(config, options, stopAsked));
  } catch (error) {
    const sentence = error instanceof AppError ? error.message : `the work failed: ${messageOf(error)}`;
    process.stderr.write(`howdah: ${sentence}\n`);
    process.exit(1);
  }
}

async function supervised(config: Config, options: WorkOptions, stopAsked: Promise<void>): Promise<number> {
  await supervise(config, options, stopAsked);
  return 0;
}

/** Told to restart, it ends: whoever started it starts it again. */
async function alone(config: Config, options: WorkOptions, stopAsked: Promise<void>): Promise<number> {
  const restart = Promise.withResolvers<void>();
  return workHere(config, options, {
    stopAsked,
    drainAsked: restart.promise,
    onSignal: (word) => word === "restart" && restart.resolve(),
  });
}
