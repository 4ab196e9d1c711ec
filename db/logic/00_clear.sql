-- Everything below is written anew after this file: what the logic files define is dropped first, so that a definition
-- that has left its file also leaves the database. Tables, types and data belong to the migrations and stay.

do $$
declare
  v_schemas constant oid[] := array(
    select n.oid from pg_namespace n
    where obj_description(n.oid, 'pg_namespace') like '@howdah%'
  );
  v_statement text;
begin
  for v_statement in
    select format('drop policy %I on %I.%I', p.policyname, p.schemaname, p.tablename)
    from pg_policies p
    join pg_namespace n on n.nspname = p.schemaname
    where n.oid = any (v_schemas)
    union all
    select format('drop trigger %I on %s', t.tgname, t.tgrelid::regclass)
    from pg_trigger t
    join pg_class c on c.oid = t.tgrelid
    where not t.tgisinternal and t.tgparentid = 0 and c.relnamespace = any (v_schemas)
      and t.tgname not like '!howdah\_%' -- on a watched table (31_realtime_changes.sql): changes would be missed
  loop
    execute v_statement;
  end loop;

  for v_statement in
    select format('drop view if exists %s.%I cascade', c.relnamespace::regnamespace, c.relname)
    from pg_class c
    where c.relkind = 'v' and c.relnamespace = any (v_schemas)
  loop
    execute v_statement;
  end loop;

  for v_statement in
    select format('drop function if exists %s', p.oid::regprocedure)
    from pg_proc p
    where p.pronamespace = any (v_schemas) and p.prokind = 'f'
      and p.proname not in ('tg_changes__log', 'tg_changes__open') -- watched tables depend on them
  loop
    execute v_statement;
  end loop;

  for v_statement in
    select format('revoke all on all tables in schema %s from anon, authenticated, service_role', s::regnamespace)
    from unnest(v_schemas) s
    union all
    select format('revoke all on schema %s from anon, authenticated, service_role', s::regnamespace)
    from unnest(v_schemas) s
  loop
    execute v_statement;
  end loop;
end
$$;

-- Nobody may call a function that was not granted to them.
alter default privileges revoke execute on functions from public;

-- Functions stand in newspaper order, callers before callees; 99_verify.sql checks their bodies when all are there.
set local check_function_bodies = off;
