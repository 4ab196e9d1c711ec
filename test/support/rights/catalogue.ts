import type pg from "pg";

export type Relation = {
  name: string;
  kind: string;
  partition: boolean;
  secured: boolean;
  columns: string[];
};
export type Grant = { role: string; name: string; privilege: string };
export type Policy = { name: string; expression: string };
export type Callable = { name: string; call: string; role: string; types: string[]; inputs: string[] };

const ours = `(
  select s.oid from pg_namespace s
  where s.nspname = 'howdah' or obj_description(s.oid, 'pg_namespace') like '@howdah%'
)`;
const roles = `(values ('anon'), ('authenticated'), ('service_role'), ('howdah_api'), ('howdah_laravel'), ('public')) r (role)`;

/** Tables, partitions, views and sequences of the schemas that are ours. */
export async function relations(pool: pg.Pool): Promise<Relation[]> {
  const { rows } = await pool.query(`
    select c.relnamespace::regnamespace || '.' || c.relname as name, c.relkind as kind, c.relispartition as partition,
      c.relrowsecurity as secured,
      array(
        select quote_ident(a.attname) from pg_attribute a
        where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
      ) as columns
    from pg_class c
    where c.relnamespace in ${ours} and c.relkind in ('r', 'p', 'v', 'm', 'f', 'S')
    order by 1`);
  return rows;
}

/** Everything that a role may do with a relation, be it with one column; also graphile-worker's, where nobody may anything. */
export async function grants(pool: pg.Pool): Promise<Grant[]> {
  const { rows } = await pool.query(`
    select r.role, c.relnamespace::regnamespace || '.' || c.relname as name, lower(p.privilege) as privilege
    from pg_class c
    cross join ${roles}
    cross join (values ('SELECT'), ('INSERT'), ('UPDATE'), ('REFERENCES'), ('DELETE'), ('TRUNCATE'), ('TRIGGER')) p (privilege)
    where (c.relnamespace in ${ours} or c.relnamespace in (select to_regnamespace(n) from unnest(array['graphile_worker', 'public']) n))
      and case
        when c.relkind = 'S' then p.privilege in ('SELECT', 'UPDATE') and has_sequence_privilege(r.role, c.oid, p.privilege)
        when c.relkind not in ('r', 'p', 'v', 'm', 'f') then false
        when p.privilege in ('DELETE', 'TRUNCATE', 'TRIGGER') then has_table_privilege(r.role, c.oid, p.privilege)
        else has_any_column_privilege(r.role, c.oid, p.privilege)
      end
    order by 2, 1, 3`);
  return rows;
}

/** Columns that some role may read although their name says that they hold a secret, or the hash of one. */
export async function readableSecrets(pool: pg.Pool): Promise<{ role: string; name: string }[]> {
  const { rows } = await pool.query(`
    select r.role, c.relnamespace::regnamespace || '.' || c.relname || '.' || a.attname as name
    from pg_attribute a
    join pg_class c on c.oid = a.attrelid
    cross join ${roles}
    where c.relnamespace in ${ours} and c.relkind in ('r', 'p', 'v', 'm') and a.attnum > 0 and not a.attisdropped
      and a.attname ~ '(_hash|secret|password)$' and has_column_privilege(r.role, c.oid, a.attnum, 'select')
    order by 2, 1`);
  return rows;
}

export async function policies(pool: pg.Pool): Promise<Policy[]> {
  const { rows } = await pool.query(`
    select o.polrelid::regclass || ': ' || o.polname as name, e.expression
    from pg_policy o
    join pg_class c on c.oid = o.polrelid
    cross join lateral (
      values (pg_get_expr(o.polqual, o.polrelid)), (pg_get_expr(o.polwithcheck, o.polrelid))
    ) e (expression)
    where c.relnamespace in ${ours} and e.expression is not null
    order by 1`);
  return rows;
}

/** Functions, but those of extensions, and who may execute them, a row per role. Names of which there are several carry their arguments. */
export async function callables(pool: pg.Pool): Promise<Callable[]> {
  const { rows } = await pool.query(`
    select r.role, p.pronamespace::regnamespace || '.' || p.proname as call,
      case
        when count(*) over (partition by r.role, p.pronamespace, p.proname) = 1
          then p.pronamespace::regnamespace || '.' || p.proname
        else p.oid::regprocedure::text
      end as name,
      array(select format_type(t, null) from unnest(p.proargtypes) t) as types,
      coalesce(p.proargnames[:cardinality(p.proargtypes)], '{}') as inputs
    from pg_proc p
    cross join ${roles}
    where p.pronamespace in ${ours} and has_function_privilege(r.role, p.oid, 'execute')
      and not exists (
        select from pg_depend d where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e'
      )
    order by name, role`);
  return rows;
}

/**
 * Functions of ours that an expression calls for each row: those outside of every sub-select. realtime.topic() is a
 * setting by another name.
 */
export function callsPerRow(expression: string): string[] {
  const calls = withoutSubSelects(expression).matchAll(/\b[a-z_]+\.[a-z_]+(?=\()/g);
  return [...calls].map(([call]) => call).filter((call) => call !== "realtime.topic");
}

function withoutSubSelects(expression: string): string {
  const start = expression.search(/\(\s*SELECT\b/);
  if (start < 0) return expression;
  let depth = 0;
  let end = start;
  do {
    if (expression[end] === "(") depth++;
    if (expression[end] === ")") depth--;
    end++;
  } while (depth > 0 && end < expression.length);
  return expression.slice(0, start) + withoutSubSelects(expression.slice(end));
}
