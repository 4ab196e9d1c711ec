import { parseArgs } from "node:util";
import { type Part, parts, startApp } from "#app.ts";
import { banner } from "#cli/banner.ts";
import { startMailboxAlone } from "#cli/mailbox.ts";
import { limitTheStop, parentsEnd, stopSignal } from "#cli/stop-signal.ts";
import { loadConfig } from "#config.ts";
import { AppError, messageOf } from "#errors.ts";
import { emit } from "#telemetry.ts";

const stopWithinMs = 9500;

/** `npm start [-- --only=api,relay,worker,mailbox]`: serves until SIGINT or SIGTERM, then stops in order. */
export async function start(args: string[], { startedByNpm = false } = {}): Promise<void> {
  const stopAsked = startedByNpm ? Promise.race([stopSignal(), parentsEnd()]) : stopSignal();
  stopAsked.then(() => limitTheStop(stopWithinMs));
  const running = await startOrExit(args);
  // graphile-worker leaves its own completions unawaited: a connection that breaks must not end the process.
  process.on("unhandledRejection", (error) => emit("process:error", { error }));
  await stopAsked;
  await stop(running);
}

async function startOrExit(args: string[]): Promise<AsyncDisposable> {
  try {
    const config = loadConfig();
    const wanted = readParts(args);
    if (wanted.size === 1 && wanted.has("mailbox")) return await startMailboxAlone(config);
    const app = await startApp(config, wanted);
    process.stdout.write(await banner(config, app, wanted));
    return app;
  } catch (error) {
    process.stderr.write(`howdah: ${sentenceOf(error)}\n`);
    process.exit(1);
  }
}

function readParts(args: string[]): ReadonlySet<Part> {
  const { only } = parseOptions(args);
  const wanted = only === undefined ? [...parts] : only.split(",").map((part) => part.trim());
  const unknown = wanted.find((part) => !parts.includes(part as Part));
  if (unknown !== undefined)
    throw new AppError("BadOption", `--only does not know "${unknown}": choose from ${parts.join(", ")}.`);
  return new Set(wanted as Part[]);
}

function parseOptions(args: string[]): { only?: string | undefined } {
  try {
    return parseArgs({ args, options: { only: { type: "string" } } }).values;
  } catch (error) {
    throw new AppError("BadOption", `${messageOf(error)} Use: npm start -- --only=${parts.join(",")}`, {
      cause: error,
    });
  }
}

async function stop(app: AsyncDisposable): Promise<void> {
  try {
    await app[Symbol.asyncDispose]();
    process.exit(0);
  } catch (error) {
    process.stderr.write(`howdah: the stop failed: ${messageOf(error)}\n`);
    process.exit(1);
  }
}

function sentenceOf(error: unknown): string {
  return error instanceof AppError ? error.message : `the start failed: ${messageOf(error)}`;
}
