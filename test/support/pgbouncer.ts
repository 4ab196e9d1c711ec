import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import os from "node:os";
import path from "node:path";
import pg from "pg";
import { until } from "./wait.ts";

const program = "/usr/sbin/pgbouncer";

/** Why a test has to be skipped. */
export const noPgbouncer = existsSync(program) ? false : "no PgBouncer here: apt-get install pgbouncer";

/** PgBouncer in transaction mode before a database; `url` leads through it. */
export async function startPgbouncer(databaseUrl: string): Promise<AsyncDisposable & { url: string }> {
  const { hostname, port, username, password, pathname } = new URL(databaseUrl);
  const dir = await mkdtemp(path.join(os.tmpdir(), "howdah-pgbouncer-"));
  await chmod(dir, 0o755);
  const listenPort = await freePort();
  const target = `host=${hostname} port=${port} user=${decodeURIComponent(username)} password='${decodeURIComponent(password)}'`;
  const file = path.join(dir, "pgbouncer.ini");
  await writeFile(
    file,
    `[databases]
* = ${target}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${listenPort}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 10
`,
  );
  const args = process.getuid?.() === 0 ? ["-u", "postgres", file] : [file];
  const child = spawn(program, args, { stdio: "ignore" });
  const url = `postgres://${username}@127.0.0.1:${listenPort}${pathname}`;
  await until(() => answers(url));
  return {
    url,
    async [Symbol.asyncDispose]() {
      const exited = once(child, "exit");
      child.kill("SIGKILL");
      await exited;
      await rm(dir, { recursive: true });
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

async function answers(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url });
  client.on("error", () => {});
  try {
    await client.connect();
    await client.query("select 1");
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => {});
  }
}
