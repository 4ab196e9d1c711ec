-- The roles that requests run as, with Supabase's names. Roles belong to the whole server: another database of it may
-- have made them already, or be making them at this moment. The owner of the database must be able to become each of
-- them; howdah_api, which the GraphQL connections take on, may become the other three and nothing else.

do $$
declare
  v_role text;
  v_grantee text;
begin
  foreach v_role in array array['anon', 'authenticated', 'service_role', 'howdah_api'] loop
    begin
      if to_regrole(v_role) is null then
        execute format('create role %I nologin noinherit', v_role);
      end if;
    exception
      when duplicate_object or unique_violation then null;
    end;
  end loop;

  for v_role, v_grantee in
    select r.name, g.name
    from unnest(array['anon', 'authenticated', 'service_role', 'howdah_api']) r (name)
    cross join unnest(array['howdah_api', current_user]) g (name)
    where r.name <> g.name
      -- From PostgreSQL 16 on, who creates a role may administer it but not yet become it.
      and not pg_has_role(
        g.name, r.name, case when current_setting('server_version_num')::int >= 160000 then 'SET' else 'MEMBER' end
      )
  loop
    begin
      execute format('grant %I to %I', v_role, v_grantee);
    exception
      when unique_violation or internal_error then null; -- another database makes the same grant at this moment
    end;
  end loop;
end
$$;
