import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { chown, mkdir } from "node:fs/promises";
import path from "node:path";
import { freePort } from "#lib/free-port.ts";
import { run } from "#lib/run.ts";
import { serverUser } from "./process.ts";

/** The oldest PostgreSQL that is installed from Debian's packages: its folder of programs, undefined when there is none. */
export const debianPostgres = ["15", "16", "17", "18"]
  .map((version) => `/usr/lib/postgresql/${version}/bin`)
  .find(existsSync);

export const withoutDebianPostgres =
  !debianPostgres && "no PostgreSQL of Debian is installed (apt-get install postgresql)";

/** A fresh server of Debian's PostgreSQL in a folder; gone when it is disposed. */
export async function startServer(folder: string): Promise<AsyncDisposable & { url: string }> {
  const bin = debianPostgres ?? "";
  const data = path.join(folder, "server");
  const user = await serverUser();
  const port = await freePort();
  await mkdir(data);
  if (user) await chown(data, user.uid, user.gid);
  const pgCtl = (quiet: boolean, ...args: string[]) =>
    run(path.join(bin, "pg_ctl"), ["-D", data, ...args], { user, quiet });
  const made = await run(
    path.join(bin, "initdb"),
    ["-D", data, "--no-sync", "-A", "trust", "-U", "owner", "-E", "UTF8"],
    {
      user,
    },
  );
  assert.equal(made.code, 0, made.output);
  const options = `-p ${port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off`;
  await pgCtl(true, "start", "-w", "-l", path.join(data, "log"), "-o", options);
  return {
    url: `postgres://owner@127.0.0.1:${port}/postgres`,
    async [Symbol.asyncDispose]() {
      await pgCtl(false, "stop", "-m", "immediate");
    },
  };
}
