import { execFile, execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { startTestCluster, testDirOf } from "./world.ts";

export const checkout = path.resolve(import.meta.dirname, "../..");

export type Copy = AsyncDisposable & {
  dir: string;
  write(file: string, text: string): Promise<void>;
  /** Runs a line of the shell in the copy and answers what it printed; throws with that when the line fails. */
  sh(line: string): Promise<string>;
};

/** The checkout once more, on the same test cluster and with the same node_modules; gone when it is disposed. */
export async function openCopy(): Promise<Copy> {
  const { url } = await startTestCluster();
  const dir = await mkdtemp(path.join(os.tmpdir(), "howdah-copy-"));
  await copyProject(dir);
  await symlink(path.join(checkout, "node_modules"), path.join(dir, "node_modules"));
  const env = {
    PATH: `${path.join(dir, "node_modules/.bin")}:${process.env.PATH}`,
    TEST_DATABASE_URL: url,
    GRAPHILE_ENV: "production",
  };
  return {
    dir,
    write: async (file, text) => {
      await mkdir(path.dirname(path.join(dir, file)), { recursive: true });
      await writeFile(path.join(dir, file), text);
    },
    sh: async (line) => {
      try {
        return (await promisify(execFile)("sh", ["-ec", line], { cwd: dir, env, timeout: 100_000 })).stdout;
      } catch (error) {
        const { stdout, stderr } = error as { stdout: string; stderr: string };
        throw new Error(`${line} failed:\n${stdout.slice(-6000)}\n${stderr.slice(-3000)}`, { cause: error });
      }
    },
    async [Symbol.asyncDispose]() {
      await rm(dir, { recursive: true, force: true });
      await rm(testDirOf(dir), { recursive: true, force: true });
    },
  };
}

/** What git knows or would take: no node_modules, no database, nothing built. */
export async function copyProject(to: string): Promise<void> {
  const listed = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], {
    cwd: checkout,
  });
  for (const file of listed
    .toString()
    .split("\0")
    .filter((name) => name && existsSync(path.join(checkout, name))))
    await cp(path.join(checkout, file), path.join(to, file), { recursive: true });
}
