-- Sign-in by mailed, single-use links, and the sessions they open. Only hashes of tokens are stored.

create function app.hash_token(token text) returns bytea
language sql immutable parallel safe as $$
  select sha256(convert_to(token, 'UTF8'))
$$;

create function app.new_token() returns text
language sql volatile as $$
  select replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', '')
$$;

create function app.create_sign_in_link(person_id uuid, valid_for interval default '15 minutes') returns text
language plpgsql volatile as $$
declare
  v_token constant text := app.new_token();
begin
  insert into app.sign_in_links (person_id, token_hash, expires_at)
  values (create_sign_in_link.person_id, app.hash_token(v_token), now() + create_sign_in_link.valid_for);
  return v_token;
end
$$;

create function app.create_sign_in_link(address text) returns text
language sql volatile as $$
  select app.create_sign_in_link(e.person_id)
  from app.email_addresses e
  where lower(e.address) = lower(btrim(create_sign_in_link.address))
$$;

create function app.sign_in(token text, session_token text, user_agent text) returns setof app.people
language plpgsql volatile as $$
declare
  v_person_id uuid;
begin
  update app.sign_in_links l
  set used_at = now()
  where l.token_hash = app.hash_token(sign_in.token) and l.used_at is null and l.expires_at > now()
  returning l.person_id into v_person_id;
  if not found then
    return;
  end if;
  insert into app.sessions (person_id, token_hash, user_agent, expires_at)
  values (v_person_id, app.hash_token(sign_in.session_token), left(sign_in.user_agent, 400), now() + interval '60 days');
  return query select p.* from app.people p where p.id = v_person_id;
end
$$;

create function app.person_of_session(session_token text) returns setof app.people
language sql volatile as $$
  with seen as (
    update app.sessions s
    set last_seen_at = now()
    where s.token_hash = app.hash_token(person_of_session.session_token)
      and s.revoked_at is null
      and s.expires_at > now()
    returning s.person_id
  )
  select p.* from seen join app.people p on p.id = seen.person_id
$$;

create function app.sign_out(session_token text) returns void
language sql volatile as $$
  update app.sessions s
  set revoked_at = now()
  where s.token_hash = app.hash_token(sign_out.session_token) and s.revoked_at is null
$$;

-- Comments

comment on function app.create_sign_in_link(uuid, interval) is
  'A new single-use token for one person; the link is PUBLIC_URL/sign-in#token. For operators and letters.';
comment on function app.create_sign_in_link(text) is
  'The same for the person with this mail address; null if nobody has it: select app.create_sign_in_link(''ada@school.example'').';
comment on function app.sign_in(text, text, text) is 'Uses up a link and opens a session; no row if the link is used, expired or unknown.';
comment on function app.person_of_session(text) is 'The person of a living session; no row otherwise.';
