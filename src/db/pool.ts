import pg from "pg";
import { emit } from "#telemetry.ts";

export type PoolOptions = { max?: number; role?: string; settings?: Record<string, string>; owner?: string };

/**
 * A pool whose broken connections are reported, never fatal. `role` is taken on by every new connection
 * before its first query, so that nothing runs with the owner's rights by accident; `settings` are its run-time settings;
 * `owner` tells its connections from those of other pools of that name.
 */
export function openPool(
  url: string,
  name: string,
  { max = 10, role, settings = {}, owner }: PoolOptions = {},
): pg.Pool {
  const pool = new pg.Pool({
    connectionString: url,
    max,
    application_name: owner ? `howdah:${name}:${owner}` : `howdah:${name}`,
    keepAlive: true,
    connectionTimeoutMillis: 10_000,
    idleTimeoutMillis: 30_000,
    options: Object.entries(settings)
      .map(([setting, value]) => `-c ${setting}=${value}`)
      .join(" "),
    ...(role ? { onConnect: (client: pg.ClientBase) => takeRole(client, role) } : {}),
  });
  pool.on("error", (error) => emit("database:error", { pool: name, error }));
  pool.on("connect", (client) =>
    client.on("error", (error) => emit("database:error", { pool: name, error })),
  );
  return pool;
}

async function takeRole(client: pg.ClientBase, role: string): Promise<void> {
  await client.query("select set_config('role', $1, false)", [role]);
}
