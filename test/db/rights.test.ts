import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { migrate } from "#db/migrate.ts";
import { openPool } from "#db/pool.ts";
import { openFolder, startHowdah } from "../support/process.ts";
import { openClass } from "../support/school.ts";
import { visit } from "../support/visitor.ts";
import { startTestCluster } from "../support/world.ts";

const id = randomBytes(4).toString("hex");
let cluster: { url: string };
before(async () => {
  cluster = await startTestCluster();
});
after(() =>
  asAdmin(["weak", "strong", "ascii"].map((name) => `drop database if exists ${name}_${id} with (force)`)),
);

test("an owner who is no superuser but may create roles can run everything", async () => {
  const url = await ownedDatabase("strong", "createrole");
  await using folder = await openFolder();
  await using howdah = await startHowdah({ dir: folder.path, env: { DATABASE_URL: url } });
  const pool = openPool(url, "test", { max: 1 });
  const token = await openClass(pool, "Art", "ada@school.example", "Ada");
  const ada = await visit(howdah.url, token);
  const { rooms } = await ada.graphql("{ rooms { nodes { id } } }");
  const said = await ada.graphql(
    `mutation { sendMessage(input: { roomId: "${rooms.nodes[0].id}", body: "hi", clientId: "${crypto.randomUUID()}" }) { result { seq } } }`,
  );
  assert.equal(Number(said.sendMessage.result.seq), 1);
  const { rows: may } = await pool.query("select (realtime.authorize($1, 'authenticated', $2, '{}')).*", [
    `room:${rooms.nodes[0].id}`,
    { sub: ada.person.id, role: "authenticated" },
  ]);
  assert.equal(may[0].read_broadcast, true);
  await pool.end();
  assert.equal(await howdah.stop(), 0);
});

test("an owner who lacks a right is told which, and what to do", async () => {
  const url = await ownedDatabase("weak", "nocreaterole");
  const pool = openPool(url, "test", { max: 2 });
  await assert.rejects(migrate(pool), {
    code: "MissingRight",
    message: /lacks a right .*: use the owner of the database with the right to create roles/,
  });

  await test("and the cure that it names works", async () => {
    const roles = await readFile("db/migrations/0001_roles.sql", "utf8");
    await asAdmin([roles, `grant anon, authenticated, service_role, howdah_api to weak_${id}`]);
    await migrate(pool);
  });
  await pool.end();
});

test("a server that is too old is named with its version (no real one is to be had here)", async () => {
  const client = { query: async () => ({ rows: [{ number: 140_011, name: "14.11" }] }), release() {} };
  await assert.rejects(migrate({ connect: async () => client } as never), {
    code: "DatabaseTooOld",
    message: /PostgreSQL 14\.11; Howdah needs 15 or newer/,
  });
});

test("a database that is not UTF8 is refused with what to do, and nothing is made in it", async () => {
  await asAdmin([`create database ascii_${id} encoding 'SQL_ASCII' locale 'C' template template0`]);
  const pool = openPool(cluster.url.replace(/\/[^/]*$/, `/ascii_${id}`), "test", { max: 2 });
  await assert.rejects(migrate(pool), {
    code: "DatabaseNotUtf8",
    message: /SQL_ASCII; Howdah needs UTF8: create/,
  });
  assert.equal((await pool.query("select from pg_namespace where nspname in ('howdah', 'app')")).rowCount, 0);
  await pool.end();
});

async function ownedDatabase(name: string, right: string): Promise<string> {
  const owner = `${name}_${id}`;
  await asAdmin([
    `create role ${owner} login password 'secret-of-the-test' ${right}`,
    `create database ${owner} owner ${owner}`,
    ...(right === "createrole"
      ? ["anon", "authenticated", "service_role", "howdah_api"].map((role) => grantIfThere(role, owner))
      : []),
  ]);
  const url = new URL(cluster.url);
  url.username = owner;
  url.password = "secret-of-the-test";
  url.pathname = `/${owner}`;
  return url.href;
}

/** The roles of the cluster belong to whoever came first, as on a server with several Howdah databases. */
function grantIfThere(role: string, owner: string): string {
  return `do $$ begin if to_regrole('${role}') is not null then grant ${role} to ${owner} with admin option; end if; end $$`;
}

async function asAdmin(statements: string[]): Promise<void> {
  const admin = openPool(cluster.url.replace(/\/[^/]*$/, "/postgres"), "admin", { max: 1 });
  for (const statement of statements) await admin.query(statement);
  await admin.end();
}
