-- Checks the bodies of all SQL functions, now that everything they call exists.

set local check_function_bodies = on;

do $$
declare
  v_function oid;
begin
  for v_function in
    select p.oid
    from pg_proc p
    join pg_namespace n on n.oid = p.pronamespace
    join pg_language l on l.oid = p.prolang
    where obj_description(n.oid, 'pg_namespace') like '@howdah%' and l.lanname = 'sql'
  loop
    begin
      perform fmgr_sql_validator(v_function);
    exception
      when others then raise exception '%: %', v_function::regprocedure, sqlerrm using errcode = sqlstate;
    end;
  end loop;
end
$$;
