import { spawn } from "node:child_process";

export type User = { uid: number; gid: number };
export type Finished = { code: number; output: string };

/**
 * Runs a program to its end, as another user if given. The output is gathered unless `quiet`: a program that leaves
 * a daemon behind (pg_ctl start) would keep the pipe open for ever.
 */
export function run(
  program: string,
  args: string[],
  options: { user?: User | undefined; quiet?: boolean } = {},
): Promise<Finished> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      ...options.user,
      cwd: "/", // the other user may not be allowed to enter our own working directory
      stdio: options.quiet ? "ignore" : ["ignore", "pipe", "pipe"],
      env: { PATH: process.env.PATH, LC_ALL: "C", HOME: "/" },
    });
    let output = "";
    child.stdout?.on("data", (chunk) => (output += chunk));
    child.stderr?.on("data", (chunk) => (output += chunk));
    child.once("error", reject);
    child.once("close", (code) => resolve({ code: code ?? 1, output: output.trim() }));
  });
}
