import { parseArgs } from "node:util";
import { type App, type Part, parts, startApp } from "#app.ts";
import { banner } from "#cli/banner.ts";
import { loadConfig } from "#config.ts";
import { AppError, messageOf } from "#errors.ts";
import { emit } from "#telemetry.ts";

const stopWithinMs = 9500;
const sameKeypressMs = 500; // npm passes Ctrl+C on to a child that has already got it from the terminal

/** `npm start [-- --only=api,relay,worker,mailbox]`: serves until SIGINT or SIGTERM, then stops in order. */
export async function start(args: string[], { startedByNpm = false } = {}): Promise<void> {
  const stopAsked = startedByNpm ? Promise.race([stopSignal(), parentsEnd()]) : stopSignal();
  stopAsked.then(limitTheStop);
  const app = await startOrExit(args);
  // graphile-worker leaves its own completions unawaited: a connection that breaks must not end the process.
  process.on("unhandledRejection", (error) => emit("process:error", { error }));
  await stopAsked;
  await stop(app);
}

async function startOrExit(args: string[]): Promise<App> {
  try {
    const config = loadConfig();
    const wanted = readParts(args);
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

/** Resolves at the first signal; a second one, later than the echo of the same keypress, ends the process at once. */
function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    let asked = 0;
    const ask = () => {
      if (asked && performance.now() - asked > sameKeypressMs) process.exit(1);
      asked ||= performance.now();
      resolve();
    };
    process.on("SIGINT", ask).on("SIGTERM", ask);
  });
}

/** A signal sent to npm alone ends npm and the shell between us and never reaches this process. */
function parentsEnd(): Promise<void> {
  const parent = process.ppid;
  return new Promise((resolve) => {
    setInterval(() => process.ppid !== parent && resolve(), 250).unref();
  });
}

/** Counted from the signal: a start that hangs is left as well. */
function limitTheStop(): void {
  setTimeout(() => {
    process.stderr.write("howdah: something did not stop in time and was left.\n");
    process.exit(1);
  }, stopWithinMs).unref();
}

async function stop(app: App): Promise<void> {
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
