import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import os from "node:os";
import path from "node:path";
import { keep, type Lifetime } from "./lifetime.ts";

const cache = path.join(os.tmpdir(), "howdah-bench-peers");

const peers = {
  bullmq: { dependencies: { bullmq: "6.7.0", ioredis: "6.0.0", pg: "8.23.1" } },
  "pg-boss": {
    dependencies: { "pg-boss": "12.38.0", pg: "8.23.1" },
    overrides: { "rrule-temporal": "2.2.7" }, // asks for 2.2.8, which not every mirror has; only its cron needs it
  },
  "socket.io": {
    dependencies: { "socket.io": "4.8.4", "@socket.io/redis-adapter": "8.3.0", ioredis: "6.0.0" },
  },
};

export type PeerName = keyof typeof peers;

/** Installs a peer outside the project on first use: none is a dependency of ours. The reason if that fails. */
export async function installPeer(life: Lifetime, name: PeerName): Promise<string | undefined> {
  if (await isInstalled(name)) return undefined;
  try {
    await ownFolder(folderOf(name));
    await writeFile(
      path.join(folderOf(name), "package.json"),
      JSON.stringify({ private: true, ...peers[name] }),
    );
    await npmInstall(life, folderOf(name));
    return undefined;
  } catch (error) {
    return `${name} could not be installed: ${error instanceof Error ? error.message : error}`;
  }
}

/** A module of the peer; its types are not there to be checked, so the caller names what it uses of it. */
export function loadPeer<Module>(name: PeerName, module: string = name): Module {
  return createRequire(path.join(folderOf(name), "package.json"))(module);
}

export function versionOf(name: PeerName, module: string = name): string {
  const { dependencies } = peers[name];
  return Object.entries(dependencies).find(([each]) => each === module)?.[1] ?? "";
}

function folderOf(name: PeerName): string {
  return path.join(cache, name);
}

async function isInstalled(name: PeerName): Promise<boolean> {
  const manifest = path.join(folderOf(name), "node_modules", name, "package.json");
  const text = await readFile(manifest, "utf8").catch(() => "{}");
  return JSON.parse(text).version === versionOf(name) && (await isOurs(cache));
}

/** Code is run from here, and everybody may write to the folder it lies in. */
async function ownFolder(folder: string): Promise<void> {
  await mkdir(cache, { recursive: true, mode: 0o700 });
  if (!(await isOurs(cache))) throw new Error(`${cache} belongs to somebody else`);
  await mkdir(folder, { recursive: true });
}

async function isOurs(folder: string): Promise<boolean> {
  return (await stat(folder)).uid === (process.getuid?.() ?? 0);
}

async function npmInstall(life: Lifetime, cwd: string): Promise<void> {
  const args = ["install", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
  const npm = keep(life, spawn("npm", args, { cwd, stdio: ["ignore", "ignore", "pipe"] }));
  let complaint = "";
  npm.stderr.on("data", (chunk) => (complaint += chunk));
  const [code] = await once(npm, "exit");
  if (code === 0) return;
  throw new Error(/npm error (?!code)(.*)/.exec(complaint)?.[1] ?? `npm ended with ${code}`);
}
