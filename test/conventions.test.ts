import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { generateTypes, typesFile } from "./support/types.ts";
import { openWorld, type World } from "./support/world.ts";

const marked = (tag: string) =>
  `(select s.nspname from pg_namespace s where obj_description(s.oid, 'pg_namespace') like '${tag}')`;
const ours = `(select 'howdah'::name union all ${marked("@howdah%")})`;
const exposed = marked("@howdah @api%");

let world: World;
before(async () => {
  world = await openWorld();
});
after(() => world[Symbol.asyncDispose]());

const rules = [
  {
    rule: "every schema says in its comment that it is ours, so that its logic is cleared before it is written anew",
    offenders: `
      select n.nspname as name from pg_namespace n
      where n.nspname !~ '^pg_|^(information_schema|public|howdah|graphile_worker)$'
        and coalesce(obj_description(n.oid, 'pg_namespace'), '') not like '@howdah%'`,
    offend: "create schema offender",
  },
  {
    rule: "row-level security is on for every table",
    offenders: `
      select c.oid::regclass::text as name
      from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where n.nspname in ${ours} and c.relkind in ('r', 'p') and not c.relrowsecurity and not c.relispartition`,
    offend: "create table app.offender (id int)",
  },
  {
    rule: "every foreign key has an index that begins with its columns",
    offenders: `
      select k.conrelid::regclass || '.' || k.conname as name
      from pg_constraint k join pg_namespace n on n.oid = k.connamespace
      where n.nspname in ${ours} and k.contype = 'f' and k.conparentid = 0 and not exists (
        select from pg_index i
        where i.indrelid = k.conrelid and i.indpred is null
          and (i.indkey::int2[])[0:cardinality(k.conkey) - 1] @> k.conkey)`,
    offend: "create table app.offender (person_id uuid references app.people on delete cascade)",
  },
  {
    rule: "every foreign key says what happens on delete",
    offenders: `
      select k.conrelid::regclass || '.' || k.conname as name
      from pg_constraint k join pg_namespace n on n.oid = k.connamespace
      where n.nspname in ${ours} and k.contype = 'f' and k.confdeltype = 'a' and k.conparentid = 0`,
    offend: "create table app.offender (person_id uuid references app.people)",
  },
  {
    rule: "every security definer function fixes an empty search_path",
    offenders: `
      select p.oid::regprocedure::text as name
      from pg_proc p join pg_namespace n on n.oid = p.pronamespace
      where n.nspname in ${ours} and p.prosecdef and not coalesce('search_path=""' = any (p.proconfig), false)`,
    offend: "create function app.offender() returns int language sql stable security definer as 'select 1'",
  },
  {
    rule: "no function may be called by the public",
    offenders: `
      select p.oid::regprocedure::text as name
      from pg_proc p join pg_namespace n on n.oid = p.pronamespace
      where n.nspname in ${ours}
        and exists (
          select from aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a where a.grantee = 0)
        and not exists (
          select from pg_depend d where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e')`,
    offend: `create function app.offender() returns int language sql stable as 'select 1';
      grant execute on function app.offender() to public`,
  },
  {
    rule: "every exposed table and function is described",
    offenders: `
      select c.oid::regclass::text as name
      from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where n.nspname in ${exposed} and c.relkind in ('r', 'p', 'v') and obj_description(c.oid, 'pg_class') is null
      union all
      select p.oid::regprocedure::text
      from pg_proc p join pg_namespace n on n.oid = p.pronamespace
      where n.nspname in ${exposed} and p.prorettype <> 'trigger'::regtype
        and (has_function_privilege('authenticated', p.oid, 'execute') or has_function_privilege('anon', p.oid, 'execute'))
        and obj_description(p.oid, 'pg_proc') is null`,
    offend: "create table app.offender (id int)",
  },
  {
    rule: "everything that operators look at is described",
    offenders: `
      select c.oid::regclass::text as name
      from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where n.nspname in ('queue', 'laravel') and c.relkind in ('r', 'p', 'v') and not c.relispartition
        and obj_description(c.oid, 'pg_class') is null`,
    offend: "create table queue.offender (id int)",
  },
];

for (const { rule, offenders, offend } of rules) {
  test(rule, async () => {
    assert.deepEqual(await namesOf(offenders), []);
  });

  test(`${rule}: an offender would be found`, async () => {
    const client = await world.pool.connect();
    try {
      await client.query("begin");
      await client.query(offend);
      const { rows } = await client.query(offenders);
      assert.equal(rows.length, 1);
    } finally {
      await client.query("rollback");
      client.release();
    }
  });
}

test("a new function is not executable by anybody until it is granted", async () => {
  const client = await world.pool.connect();
  try {
    await client.query("begin");
    await client.query("create function app.fresh() returns int language sql stable as 'select 1'");
    const { rows } = await client.query(
      "select has_function_privilege('authenticated', 'app.fresh()', 'execute') as may",
    );
    assert.equal(rows[0].may, false);
  } finally {
    await client.query("rollback");
    client.release();
  }
});

test("the generated types are those of the database (else: npm run types)", async () => {
  const committed = await readFile(typesFile, "utf8");
  const { status, output } = await generateTypes("--verify");
  assert.equal(status, 0, output);
  assert.match(committed, /AppPeople/);
});

async function namesOf(query: string): Promise<string[]> {
  const { rows } = await world.pool.query<{ name: string }>(query);
  return rows.map(({ name }) => name);
}
