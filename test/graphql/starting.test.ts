import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { openPool } from "#db/pool.ts";
import { createGraphql } from "#graphql/api.ts";
import { openWorld } from "../support/world.ts";
import { currentSchema, schemaFile } from "./current-schema.ts";
import { undescribedIn } from "./undescribed.ts";

async function worldWithApi() {
  await using opening = new AsyncDisposableStack();
  const world = opening.use(await openWorld());
  const pool = openPool(world.databaseUrl, "api", { max: 2, role: "howdah_api" });
  opening.defer(() => pool.end());
  const wake = Object.assign(() => {}, { by: () => "commit" as const });
  const create = () => createGraphql({ pool, jwtSecret: world.jwtSecret, wake, production: true });
  const opened = opening.move();
  return { world, pool, create, [Symbol.asyncDispose]: () => opened.disposeAsync() };
}

const clashes = {
  "two mutations": `
    create function chat.invite_to_class(room_id uuid) returns uuid language sql volatile as 'select room_id';
    grant execute on function chat.invite_to_class(uuid) to authenticated`,
  "a computed field and a column": `
    create function chat.rooms_name(room chat.rooms) returns text language sql stable as 'select room.name';
    grant execute on function chat.rooms_name(chat.rooms) to authenticated`,
  "two tables": "create table app.rooms (id uuid primary key); grant select on app.rooms to authenticated",
};

for (const [what, sql] of Object.entries(clashes))
  test(`${what} of one name in the API end the start`, async () => {
    await using api = await worldWithApi();
    await (await api.create())[Symbol.asyncDispose]();
    await api.world.pool.query(sql);
    await assert.rejects(api.create(), {
      code: "ApiNotBuilt",
      message: /(InviteToClassInput|'name'|'rooms').* Cure: rename/,
    });
  });

test("helpers of two schemas may share a name, for they are not in the API", async () => {
  await using api = await worldWithApi();
  await api.world.pool.query("create function chat.claims() returns int language sql stable as 'select 1'");
  await using graphql = await api.create();
  assert.ok(graphql.schema.getMutationType()?.getFields().sendMessage);
});

test("stopping twice is fine and leaves the pool to its owner", async () => {
  await using api = await worldWithApi();
  const graphql = await api.create();
  await Promise.all([graphql[Symbol.asyncDispose](), graphql[Symbol.asyncDispose]()]);
  assert.equal((await api.pool.query("select 1 as alive")).rows[0].alive, 1);
});

test("src/graphql/schema.graphql is the schema of today's database", async () => {
  const written = await readFile(schemaFile, "utf8");
  const refresh =
    "the API has changed: look at the change with `npm run schema` and git diff, then commit it";
  assert.ok(written === (await currentSchema()), refresh);
});

test("nothing but what is meant for clients is in the schema", async () => {
  const schema = await currentSchema();
  for (const hidden of [
    "claims",
    "currentPersonId",
    "createClass",
    "isInRoom",
    "nextSeq",
    "signIn",
    "signInLink",
    "identit",
    "token_?hash",
    "letters\\b",
    "mayDecideFor",
  ])
    assert.doesNotMatch(schema, new RegExp(`^\\s+${hidden}\\w*[(:]`, "im"), hidden);
  assert.doesNotMatch(schema, /rowId|nodeId|^\s+patch: /m); // PostGraphile's own mutations take a patch, ours take what they need
  assert.match(schema, /"""What was said in a room."""\ntype Message /);
});

test("every type, field, argument and input field is described", async () => {
  const cure =
    "say it with comment on, for a function's argument with @arg name text in the function's comment (src/graphql/plugins/described-fields.ts)";
  assert.deepEqual(undescribedIn(await currentSchema()), [], cure);
  const gaps = undescribedIn(`
    type Query { thing(id: ID): Thing } "A thing." type Thing { "Its name." name: String } input Wish { name: String }`);
  assert.deepEqual(gaps, ["Query", "Query.thing", "Query.thing(id)", "Wish", "Wish.name"]);
});
