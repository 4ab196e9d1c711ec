import { readFile } from "node:fs/promises";
import path from "node:path";
import { codeOf } from "#errors.ts";
import { isListening } from "#lib/free-port.ts";

/** The address of the embedded Postgres under `dir` if it runs now; touches nothing. */
export async function runningEmbedded(dir: string): Promise<string | undefined> {
  const pidFile = await read(path.join(dir, "postgres", "postmaster.pid"));
  const passFile = await read(path.join(dir, "pgpass"));
  const port = Number(pidFile?.split("\n")[3]);
  if (!port || passFile === undefined || !(await isListening(port))) return undefined;
  const password = passFile.trim().split(":").at(-1);
  return `postgres://howdah:${password}@127.0.0.1:${port}/howdah`;
}

function read(file: string): Promise<string | undefined> {
  return readFile(file, "utf8").catch((error) => {
    if (codeOf(error) === "ENOENT") return undefined;
    throw error;
  });
}
