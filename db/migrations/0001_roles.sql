-- The roles that requests run as, with Supabase's names. Roles belong to the whole server: another database of it may
-- have made them already, or be making them at this moment.

do $$
declare
  v_role text;
begin
  foreach v_role in array array['anon', 'authenticated', 'service_role', 'howdah_api'] loop
    if not exists (select from pg_roles r where r.rolname = v_role) then
      begin
        execute format('create role %I nologin noinherit', v_role);
      exception
        when duplicate_object or unique_violation then null;
      end;
    end if;
  end loop;

  -- howdah_api is what the GraphQL connections take on: it may become the others and nothing else.
  for v_role in
    select format('grant %I to %I', g.granted, g.grantee)
    from (
      select r.granted, 'howdah_api' as grantee from unnest(array['anon', 'authenticated', 'service_role']) r (granted)
      union all
      select r.granted, current_user from unnest(array['anon', 'authenticated', 'service_role', 'howdah_api']) r (granted)
    ) g
    where not exists (
      select from pg_auth_members m
      where m.roleid = g.granted::regrole and m.member = g.grantee::regrole
    )
    and (g.grantee = 'howdah_api' or not (select r.rolsuper from pg_roles r where r.rolname = current_user))
  loop
    execute v_role;
  end loop;
exception
  when unique_violation or internal_error then null; -- the same grant, made by another database at the same moment
end
$$;
