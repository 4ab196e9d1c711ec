import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { chown, mkdir } from "node:fs/promises";
import path from "node:path";
import { test } from "node:test";
import { openPool } from "#db/pool.ts";
import { freePort } from "#lib/free-port.ts";
import { run } from "#lib/run.ts";
import { openFolder, serverUser, startHowdah } from "../support/process.ts";
import { openClass } from "../support/school.ts";
import { lettersTo, visit } from "../support/visitor.ts";
import { until } from "../support/wait.ts";

const programs = ["15", "16", "17", "18"]
  .map((version) => `/usr/lib/postgresql/${version}/bin`)
  .find(existsSync);

test("a start with DATABASE_URL uses that PostgreSQL and no embedded one: chat, mail and jobs work", {
  skip: !programs && "no PostgreSQL of Debian is installed (apt-get install postgresql)",
}, async () => {
  await using folder = await openFolder();
  await using server = await startServer(programs ?? "", folder.path);
  const dir = path.join(folder.path, "howdah");
  const env = { DATABASE_URL: server.url };
  await using front = await startHowdah({ dir, env, args: ["--only=api,relay,mailbox"] });
  await using worker = await startHowdah({
    dir,
    env: { ...env, MAILBOX_URL: `${front.url}/mailbox` },
    args: ["--only=worker"],
  });
  assert.equal(existsSync(path.join(dir, "postgres")), false);

  const pool = openPool(server.url, "test", { max: 1 });
  const token = await openClass(pool, "Art", "ada@school.example", "Ada");
  await pool.end();
  const ada = await visit(front.url, token);
  const { rooms } = await ada.graphql("{ rooms { nodes { id group { id } } } }");
  const [room] = rooms.nodes;
  await ada.graphql(
    `mutation ($roomId: UUID!, $clientId: UUID!, $classId: UUID!) {
      sendMessage(input: { roomId: $roomId, body: "hi", clientId: $clientId }) { result { seq } }
      inviteToClass(input: { classId: $classId, email: "bob@school.example", name: "Bob", role: "student" }) { result { id } }
    }`,
    { roomId: room.id, classId: room.group.id, clientId: crypto.randomUUID() },
  );
  await until(async () => (await lettersTo(front.url, "bob@school.example")).length === 1);
  assert.equal(await worker.stop(), 0);
  assert.equal(await front.stop(), 0);
});

async function startServer(bin: string, folder: string): Promise<AsyncDisposable & { url: string }> {
  const data = path.join(folder, "server");
  const user = await serverUser();
  const port = await freePort();
  await mkdir(data);
  if (user) await chown(data, user.uid, user.gid);
  const pgCtl = (quiet: boolean, ...args: string[]) =>
    run(path.join(bin, "pg_ctl"), ["-D", data, ...args], { user, quiet });
  const made = await run(path.join(bin, "initdb"), ["-D", data, "--no-sync", "-A", "trust", "-U", "owner"], {
    user,
  });
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
