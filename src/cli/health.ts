import { existsSync } from "node:fs";
import os from "node:os";
import { loadConfig } from "#config.ts";
import { openPool } from "#db/pool.ts";

if (existsSync(".env")) process.loadEnvFile(".env");

/**
 * `npm run health`, the health check of a container: exit 0 when the HTTP server of this machine answers or, where only
 * a worker runs, when a worker of this machine was heard of in the last 20 s.
 */
process.exit((await serverAnswers()) || (await workerBeats().catch(() => false)) ? 0 : 1);

async function serverAnswers(): Promise<boolean> {
  const response = await fetch(`http://127.0.0.1:${loadConfig().port}/healthz`, {
    signal: AbortSignal.timeout(2000),
  }).catch(() => undefined);
  return response?.ok ?? false;
}

async function workerBeats(): Promise<boolean> {
  const { databaseUrl } = loadConfig();
  if (databaseUrl === undefined) return false;
  const pool = openPool(databaseUrl, "health", { max: 1 });
  const { rowCount } = await pool
    .query("select from queue.processes where hostname = $1 and beat_at > now() - interval '20 seconds'", [
      os.hostname(),
    ])
    .finally(() => pool.end());
  return (rowCount ?? 0) > 0;
}
