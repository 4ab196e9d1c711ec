import { mkdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const longestWorkMs = 60_000;
const longestTakeoverMs = 5_000;

/**
 * Runs `work` while no other process does so under the same lock file. The lock of a process that is dead, or has held
 * it for a minute (its id may be somebody else's by now), is taken over.
 */
export async function withLockFile<T>(file: string, work: () => Promise<T>): Promise<T> {
  await mkdir(path.dirname(file), { recursive: true });
  while (!(await create(file))) {
    if (await isStale(file)) await takeAway(file);
    await sleep(50);
  }
  try {
    return await work();
  } finally {
    await rm(file, { force: true });
  }
}

/** One at a time, and only what is still stale then: else two could take away, and one of them a fresh lock. */
async function takeAway(file: string): Promise<void> {
  const takeover = `${file}.takeover`;
  if (await create(takeover)) {
    if (await isStale(file)) await rm(file, { force: true });
    await rm(takeover, { force: true });
  } else if ((await ageOf(takeover)) > longestTakeoverMs) {
    await rm(takeover, { force: true });
  }
}

function create(file: string): Promise<boolean> {
  return writeFile(file, String(process.pid), { flag: "wx" }).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === "EEXIST") return false;
      throw error;
    },
  );
}

async function isStale(file: string): Promise<boolean> {
  const holder = Number(await readFile(file, "utf8").catch(() => "?"));
  const age = await ageOf(file);
  if (Number.isNaN(holder)) return false; // gone meanwhile
  if (holder === 0) return age > longestTakeoverMs; // its process died before it could write its id
  if (holder === process.pid) return age > process.uptime() * 1000; // ours, of an earlier life
  return !isAlive(holder) || age > longestWorkMs;
}

function ageOf(file: string): Promise<number> {
  return stat(file).then(
    ({ mtimeMs }) => Date.now() - mtimeMs,
    () => 0,
  );
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
