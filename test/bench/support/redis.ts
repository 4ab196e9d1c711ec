import { spawn, spawnSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort, isListening } from "#lib/free-port.ts";
import { keep, type Lifetime } from "./lifetime.ts";

export type Fsync = "everysec" | "always";

export function redisVersion(): string | undefined {
  return /v=(\S+)/.exec(spawnSync("redis-server", ["--version"], { encoding: "utf8" }).stdout ?? "")?.[1];
}

/** A Redis of its own that writes its append-only file; snapshots are off, they would only cost it time. */
export async function startRedis(life: Lifetime, fsync: Fsync): Promise<number> {
  const dir = await mkdtemp(path.join(os.tmpdir(), "howdah-bench-redis-"));
  life.defer(() => rm(dir, { recursive: true, force: true }));
  const port = await freePort();
  const settings = ["--appendonly", "yes", "--appendfsync", fsync, "--save", ""];
  const place = ["--bind", "127.0.0.1", "--port", String(port), "--dir", dir];
  keep(life, spawn("redis-server", [...place, ...settings], { stdio: "ignore" }));
  for (let tries = 0; !(await isListening(port)); tries++) {
    if (tries === 100) throw new Error("redis-server did not start.");
    await sleep(50);
  }
  return port;
}
