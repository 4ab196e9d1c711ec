import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { openPool } from "#db/pool.ts";
import { openFolder, startHowdah } from "../support/process.ts";
import { openClass } from "../support/school.ts";
import { startServer, withoutDebianPostgres } from "../support/server.ts";
import { lettersTo, visit } from "../support/visitor.ts";
import { until } from "../support/wait.ts";

test("a start with DATABASE_URL uses that PostgreSQL and no embedded one: chat, mail and jobs work", {
  skip: withoutDebianPostgres,
}, async () => {
  await using folder = await openFolder();
  await using server = await startServer(folder.path);
  const dir = path.join(folder.path, "howdah");
  const env = { DATABASE_URL: server.url };
  await using front = await startHowdah({ dir, env, args: ["--only=api,relay,mailbox"] });
  await using worker = await startHowdah({
    dir,
    env: { ...env, MAILBOX_URL: front.mailboxUrl },
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
