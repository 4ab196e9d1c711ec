import { type ChildProcess, spawn } from "node:child_process";
import path from "node:path";
import { type Desk, openDesk } from "../queue/desk.ts";

export const entry = path.resolve(import.meta.dirname, "../../src/cli/howdah.ts");

export type Said = { code: number | null; out: string; err: string };

export type Cli = Desk & {
  /** Runs the command as a process of its own, to its end. */
  howdah(...args: string[]): Promise<Said>;
  /** The same, with other settings. */
  howdahWith(env: Record<string, string>, ...args: string[]): Promise<Said>;
};

/** The desk of the queue's tests, and the command line before it. */
export async function openCli(): Promise<Cli> {
  const desk = await openDesk();
  const howdahWith: Cli["howdahWith"] = (env, ...args) =>
    runHowdah(args, { DATABASE_URL: desk.databaseUrl, ...env });
  return { ...desk, howdahWith, howdah: (...args) => howdahWith({}, ...args) };
}

export function runHowdah(args: string[], env: Record<string, string>): Promise<Said> {
  return startHowdah(args, env).ended;
}

export type Running = {
  child: ChildProcess;
  /** What it has said until now, both streams. */
  told(): string;
  ended: Promise<Said>;
};

export function startHowdah(args: string[], env: Record<string, string>): Running {
  const child = spawn(process.execPath, [entry, ...args], {
    env: { PATH: process.env.PATH, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const said: Said = { code: null, out: "", err: "" };
  child.stdout.on("data", (chunk) => {
    said.out += chunk;
  });
  child.stderr.on("data", (chunk) => {
    said.err += chunk;
  });
  const ended = new Promise<Said>((resolve) => child.once("close", (code) => resolve({ ...said, code })));
  return { child, ended, told: () => said.out + said.err };
}
