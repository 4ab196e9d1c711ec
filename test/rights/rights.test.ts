import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import {
  callables,
  callsPerRow,
  type Grant,
  grants,
  policies,
  type Relation,
  readableSecrets,
  relations,
} from "../support/rights/catalogue.ts";
import type { Actor, Rights, Verb } from "../support/rights/noun.ts";
import { addAllRows, loadNouns } from "../support/rights/nouns.ts";
import { expected, outcomeFor, outcomes, permissions, topicOutcomes } from "../support/rights/outcome.ts";
import { perRowPlans } from "../support/rights/plans.ts";
import { type Names, openScene, roleOf, type Scene } from "../support/rights/scene.ts";

const nouns = await loadNouns();
const all = Object.values(nouns);
let names: Record<string, Names>;
let scene: Scene;
let tables: Relation[];

before(async () => {
  scene = await openScene();
  names = await addAllRows(scene, nouns);
  tables = await relations(scene.world.pool);
});
after(() => scene[Symbol.asyncDispose]());

for (const [noun, { reads = {}, acts = {}, never = {}, topics = {} }] of Object.entries(nouns)) {
  for (const [table, { where, by }] of Object.entries(reads))
    test(`${noun}: who reads ${table}`, () => onlyThese(noun, `select 1 from ${table} where ${where}`, by));

  for (const [sql, by] of Object.entries(acts))
    test(`${noun}: who may ${sql}`, () => onlyThese(noun, sql, by));

  for (const [sql, twin] of Object.entries(never))
    test(`${noun}: nobody may ${sql}`, async () => {
      assert.deepEqual(await outcomes(scene, sql, names[noun] ?? {}), expected([]));
      assert.equal(await outcomeFor(scene, "staff", twin, names[noun] ?? {}), "does");
    });

  for (const [topic, { hear, speak }] of Object.entries(topics))
    test(`${noun}: who hears and who speaks on ${topic}`, async () => {
      assert.deepEqual(await topicOutcomes(scene, topic, names[noun] ?? {}), {
        hear: expected([...hear, "service"]),
        speak: expected([...speak, "service"]),
      });
    });
}

test("every table and every granted view has expectations, and none is of a table that has gone", async () => {
  const granted = new Set((await grants(scene.world.pool)).map(({ name }) => name));
  const there = tables.filter(
    ({ kind, partition, name }) => !partition && ("rp".includes(kind) || (kind !== "S" && granted.has(name))),
  );
  const known = all.flatMap(({ reads = {}, closed = [] }) => [...Object.keys(reads), ...closed]);
  assert.deepEqual(known.toSorted(), [...new Set(known)].toSorted(), "one noun speaks for a table");
  assert.deepEqual(
    without(
      there.map(({ name }) => name),
      known,
    ),
    [],
    "tables without an expectation",
  );
  assert.deepEqual(
    without(
      known,
      tables.map(({ name }) => name),
    ),
    [],
    "expectations without a table",
  );
});

test("row-level security is on for every table and every partition", () => {
  const bare = tables.filter(({ kind, secured }) => "rp".includes(kind) && !secured);
  assert.deepEqual(bare, []);
});

for (const verb of ["select", "insert", "update", "delete"] as const)
  test(`nobody may ${verb} where no noun says so, and the owner of the database may`, async () => {
    const wrong: object[] = [];
    for (const table of tables.filter(({ kind }) => "rp".includes(kind))) {
      if (verb === "select" && all.some(({ reads = {} }) => table.name in reads)) continue;
      const sql = statementOf(verb, table);
      const found = await permissions(scene, sql);
      const may = all.flatMap(({ writes = {} }) => writes[table.name]?.[verb] ?? []);
      for (const [actor, outcome] of Object.entries(found))
        if (outcome !== "is refused" && !may.includes(actor as Actor))
          wrong.push({ table: table.name, actor, outcome });
      await assert.doesNotReject(
        scene.as(undefined, (client) => client.query(sql)),
        sql,
      );
    }
    assert.deepEqual(wrong, []);
  });

test("nobody holds a right that no noun names: on a table, a column, a partition, a view or a sequence", async () => {
  const unnamed = (await grants(scene.world.pool)).filter((grant) => !isNamed(grant));
  assert.deepEqual(unnamed, []);
});

test("nobody may read a secret, nor the hash of one but where a computed field takes its row", async () => {
  assert.deepEqual(
    await readableSecrets(scene.world.pool),
    ["app.invitations.token_hash", "app.sessions.token_hash"].map((name) => ({
      role: "authenticated",
      name,
    })),
  );
});

test("every table can be read as every role: policies raise nothing and never ask each other in a circle", async () => {
  const faults: object[] = [];
  for (const { name } of tables.filter(({ kind }) => kind !== "S"))
    for (const [actor, outcome] of Object.entries(await permissions(scene, `select 1 from ${name} limit 1`)))
      if (!["does", "is refused"].includes(outcome)) faults.push({ name, actor, outcome });
  assert.deepEqual(faults, []);
});

test("policies call functions of ours once per statement, in a sub-select, and never once per row", async () => {
  const found = (await policies(scene.world.pool)).map(({ name, expression }) => ({
    name,
    perRow: callsPerRow(expression),
  }));
  assert.deepEqual(
    found.filter(({ perRow }) => perRow.length > 0),
    [],
  );
  const read = all.flatMap(({ reads = {} }) => Object.keys(reads));
  assert.deepEqual(await perRowPlans(scene, read), []);
  assert.deepEqual(callsPerRow("(a IN ( SELECT app.f(1) AS f)) OR (b = app.g()) OR app.h(a)"), [
    "app.g",
    "app.h",
  ]);
});

test("functions are granted to exactly those that a noun names", async () => {
  const found = new Map<string, string[]>();
  for (const { name, role } of await callables(scene.world.pool))
    found.set(name, [...(found.get(name) ?? []), role]);
  assert.deepEqual(sorted([...found]), sorted(all.flatMap(({ functions = {} }) => grantees(functions))));
});

test("whoever is not signed in is told so by every mutation, before anything else", async () => {
  const mutations = all.flatMap(({ functions = {} }) => functions.mutations ?? []);
  const asked = (await callables(scene.world.pool)).filter(
    ({ name, role }) => role === "anon" && mutations.includes(name),
  );
  assert.equal(asked.length, mutations.length);
  const wrong: object[] = [];
  for (const { call, types } of asked) {
    const sql = `select ${call}(${types.map((type) => `null::${type}`).join(", ")})`;
    const code = await scene.as("anon", (client) =>
      client.query(sql).then(
        () => "none",
        (error) => error.code,
      ),
    );
    if (code !== "HW401") wrong.push({ call, code });
  }
  assert.deepEqual(wrong, []);
});

/** Each denial has its twin: the same statement by somebody who may; where nobody may, by the owner of the database. */
async function onlyThese(noun: string, sql: string, by: readonly Actor[]): Promise<void> {
  assert.deepEqual(await outcomes(scene, sql, names[noun] ?? {}), expected(by));
  if (by.length === 0) assert.equal(await outcomeFor(scene, undefined, sql, names[noun] ?? {}), "does");
}

/** Touches no row: only the permission is asked for. */
function statementOf(verb: Verb, { name, columns }: Relation): string {
  const list = columns.join(", ");
  const statements = {
    select: `select 1 from ${name} limit 0`,
    insert: `insert into ${name} (${list}) overriding system value select ${list} from jsonb_populate_record(null::${name}, '{}') where false`,
    update: `update ${name} set ${columns[0]} = default where false`,
    delete: `delete from ${name} where false`,
  };
  return statements[verb];
}

function isNamed({ role, name, privilege }: Grant): boolean {
  const ofRole = (by: readonly Actor[] = []) => by.some((actor) => roleOf(actor) === role);
  return all.some(
    ({ reads = {}, writes = {} }) =>
      ofRole(writes[name]?.[privilege as Verb]) || (privilege === "select" && ofRole(reads[name]?.by)),
  );
}

function grantees({
  mutations = [],
  signedIn = [],
  open = [],
  service = [],
}: NonNullable<Rights["functions"]>) {
  const given = (functions: readonly string[], roles: string[]) =>
    functions.map((name): [string, string[]] => [name, roles]);
  return [
    ...given([...mutations, ...open], ["anon", "authenticated"]),
    ...given(signedIn, ["authenticated"]),
    ...given(service, ["anon", "authenticated", "service_role"]),
  ];
}

function sorted(found: [string, string[]][]): string[] {
  return found.map(([name, roles]) => `${name}: ${roles.toSorted().join(", ")}`).toSorted();
}

function without(some: string[], others: string[]): string[] {
  return some.filter((name) => !others.includes(name));
}
