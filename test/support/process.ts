import { type ChildProcess, spawn } from "node:child_process";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { freePort } from "#lib/free-port.ts";
import { run, type User } from "#lib/run.ts";

const checkout = path.resolve(import.meta.dirname, "../..");

export type Howdah = AsyncDisposable & {
  child: ChildProcess;
  url: string;
  /** Where the mailbox is that it printed. */
  mailboxUrl: string;
  printed(): string;
  /** The single-use tokens of the printed sign-in links, in their order. */
  tokens: string[];
  /** Sends the signal and waits for the end; the exit code, or the signal that killed it. */
  stop(signal?: NodeJS.Signals): Promise<number | NodeJS.Signals>;
};

type Options = { dir?: string; env?: Record<string, string>; args?: string[]; cwd?: string };

/** A real process of Howdah, as `npm start` makes it, ready when it has printed where it is. */
export async function startHowdah({
  dir,
  env = {},
  args = [],
  cwd = checkout,
}: Options = {}): Promise<Howdah> {
  const port = Number(env.PORT ?? (await freePort()));
  const folder = dir ? undefined : await openFolder();
  const child = spawn(process.execPath, [path.join(cwd, "src/main.ts"), ...args], {
    cwd,
    env: {
      PATH: process.env.PATH,
      PORT: String(port),
      MAILBOX_PORT: "0",
      HOWDAH_DIR: dir ?? folder?.path,
      ...env,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  const ended = new Promise<number | NodeJS.Signals>((resolve) => {
    child.once("exit", async (code, signal) => {
      await folder?.[Symbol.asyncDispose]();
      resolve(code ?? signal ?? -1);
    });
  });
  const ready = new Promise<void>((resolve) => {
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (chunk) => {
        output += chunk;
        if (/Howdah serves [\s\S]*\n\n$/.test(output)) resolve();
      });
  });
  const first = await Promise.race([ready, ended]);
  if (first !== undefined) throw new StartFailed(first, output.trim());
  const stop = (signal: NodeJS.Signals = "SIGTERM") => {
    child.kill(signal);
    return ended;
  };
  return {
    child,
    url: `http://127.0.0.1:${port}`,
    mailboxUrl: /Mailbox +(http:\/\/\S+)/.exec(output)?.[1] ?? "",
    printed: () => output,
    tokens: [...output.matchAll(/sign-in#([0-9a-f]+)/g)].map((match) => match[1] ?? ""),
    stop,
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null && child.signalCode === null) await stop();
    },
  };
}

/** The process ended before it was ready; the message is what it printed. */
export class StartFailed extends Error {
  readonly exit: number | NodeJS.Signals;
  constructor(exit: number | NodeJS.Signals, output: string) {
    super(output);
    this.exit = exit;
  }
}

/** A folder of its own that every user may enter; gone when disposed. */
export async function openFolder(): Promise<AsyncDisposable & { path: string }> {
  const folder = await mkdtemp(path.join(os.tmpdir(), "howdah-try-"));
  await chmod(folder, 0o755);
  return { path: folder, [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) };
}

/** The user that a Postgres of ours runs as: postgres when root runs the tests, else whoever runs them. */
export async function serverUser(): Promise<User | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const [uid, gid] = await Promise.all([run("id", ["-u", "postgres"]), run("id", ["-g", "postgres"])]);
  return { uid: Number(uid.output), gid: Number(gid.output) };
}
