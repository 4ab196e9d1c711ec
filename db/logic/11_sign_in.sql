-- Sign-in by mailed, single-use links and codes, by invitations, and by tokens of another issuer; the sessions they open.
-- Only hashes of tokens are stored. Limits count what is tried of an address, whether it is known or not.

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

-- Null once the community has people: nobody can become its owner by starting the server again.
create function app.create_owner_link() returns text
language plpgsql volatile as $$
declare
  v_token constant text := app.new_token();
begin
  if exists (select from app.people) then
    return null;
  end if;
  insert into app.sign_in_links (makes_owner, token_hash, expires_at)
  values (true, app.hash_token(v_token), now() + interval '1 day');
  return v_token;
end
$$;

create function app.sign_in(token text, session_token text, user_agent text)
returns table (id uuid, name text, session_id uuid)
language plpgsql volatile as $$
declare
  v_person_id constant uuid := coalesce(app.use_link(sign_in.token), app.use_invitation(sign_in.token));
begin
  if v_person_id is null then
    return;
  end if;
  return query select * from app.open_session(v_person_id, sign_in.session_token, sign_in.user_agent);
end
$$;

create function app.use_link(token text) returns uuid
language plpgsql volatile as $$
declare
  v_link app.sign_in_links;
begin
  update app.sign_in_links l
  set used_at = now()
  where l.token_hash = app.hash_token(use_link.token) and l.used_at is null and l.expires_at > now()
  returning * into v_link;
  if v_link.makes_owner then
    return app.make_first_owner();
  end if;
  if v_link.address is not null then
    insert into app.email_addresses (person_id, address) values (v_link.person_id, v_link.address)
    on conflict (lower(address)) do nothing;
  end if;
  return v_link.person_id;
end
$$;

create function app.make_first_owner() returns uuid
language plpgsql volatile as $$
declare
  v_person_id uuid;
begin
  -- Of two owner links opened at once only one makes an owner.
  perform pg_advisory_xact_lock(hashtextextended('app.make_first_owner', 0));
  if not exists (select from app.people) then
    insert into app.people (name, community_role) values ('Owner', 'owner') returning id into v_person_id;
  end if;
  return v_person_id;
end
$$;

create function app.use_invitation(token text) returns uuid
language plpgsql volatile as $$
declare
  v_person_id uuid;
begin
  select coalesce(i.person_id, (app.find_or_create_invited(i.email, i.name, i.role)).id) into v_person_id
  from app.invitations i
  where i.token_hash = app.hash_token(use_invitation.token) and i.used_at is null and i.expires_at > now();
  if v_person_id is not null then
    perform app.accept_by_token(use_invitation.token, v_person_id);
  end if;
  return v_person_id;
end
$$;

-- Five tries for each code, and 20 a day for each address, whoever makes them.
create function app.sign_in_by_code(address text, code text, session_token text, user_agent text)
returns table (id uuid, name text, session_id uuid)
language plpgsql volatile as $$
declare
  v_link app.sign_in_links;
begin
  if app.try(sign_in_by_code.address, 'code', interval '1 day') > 20 then
    return;
  end if;
  select l.* into v_link
  from app.email_addresses e
  join app.sign_in_links l on l.person_id = e.person_id
  where lower(e.address) = lower(btrim(sign_in_by_code.address))
    and l.code_hash = app.hash_code(l.token_hash, sign_in_by_code.code)
    and l.used_at is null
    and l.expires_at > now()
    and app.tries_of(sign_in_by_code.address, 'code', l.created_at) <= 5
  for update of l;
  if not found then
    return;
  end if;
  update app.sign_in_links l set used_at = now() where l.id = v_link.id;
  return query select * from app.open_session(v_link.person_id, sign_in_by_code.session_token, sign_in_by_code.user_agent);
end
$$;

create function app.hash_code(token_hash bytea, code text) returns bytea
language sql immutable parallel safe as $$
  select sha256(hash_code.token_hash || convert_to(hash_code.code, 'UTF8'))
$$;

-- Writes a try down and answers how many there were, this one included. Tries of one address wait for each other: a
-- hundred at once are a hundred.
create function app.try(address text, kind text, within interval) returns bigint
language plpgsql volatile as $$
declare
  v_hash constant bytea := app.hash_token(lower(btrim(try.address)));
begin
  perform pg_advisory_xact_lock(hashtextextended('app.sign_in_tries:' || encode(v_hash, 'hex'), 0));
  delete from app.sign_in_tries t where t.id in (
    select o.id from app.sign_in_tries o where o.created_at < now() - interval '2 days' limit 20 for update skip locked
  );
  insert into app.sign_in_tries (address_hash, kind) values (v_hash, try.kind);
  return app.tries_of(try.address, try.kind, now() - try.within);
end
$$;

create function app.tries_of(address text, kind text, since timestamptz) returns bigint
language sql volatile as $$
  select count(*)
  from app.sign_in_tries t
  where t.address_hash = app.hash_token(lower(btrim(tries_of.address)))
    and t.kind = tries_of.kind
    and t.created_at >= tries_of.since
$$;

-- Sessions: 30 days from the last use, 180 from the first.

create function app.open_session(person_id uuid, session_token text, user_agent text)
returns table (id uuid, name text, session_id uuid)
language sql volatile as $$
  with opened as (
    insert into app.sessions (person_id, token_hash, user_agent, expires_at)
    values (
      open_session.person_id,
      app.hash_token(open_session.session_token),
      left(open_session.user_agent, 400),
      now() + interval '30 days'
    )
    returning id, person_id
  )
  select p.id, p.name, o.id from opened o join app.people p on p.id = o.person_id
$$;

create function app.person_of_session(session_token text) returns table (id uuid, name text, session_id uuid)
language sql volatile as $$
  with seen as (
    update app.sessions s
    set last_seen_at = now(), expires_at = least(now() + interval '30 days', s.created_at + interval '180 days')
    where s.token_hash = app.hash_token(person_of_session.session_token)
      and s.revoked_at is null
      and s.expires_at > now()
    returning s.id, s.person_id
  )
  select p.id, p.name, s.id from seen s join app.people p on p.id = s.person_id
$$;

create function app.sign_out(session_token text) returns void
language sql volatile as $$
  update app.sessions s
  set revoked_at = now()
  where s.token_hash = app.hash_token(sign_out.session_token) and s.revoked_at is null
$$;

create function app.sessions_current(session app.sessions) returns boolean
language sql stable as $$
  select (session).id::text = app.claims() ->> 'session_id'
$$;

create function app.revoke_session(session_id uuid) returns app.sessions
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_person_id constant uuid := app.require_person_id();
  v_session app.sessions;
begin
  update app.sessions s
  set revoked_at = coalesce(s.revoked_at, now())
  where s.id = revoke_session.session_id and s.person_id = v_person_id
  returning * into v_session;
  if not found then
    raise exception 'You have no such device: look at the list again.' using errcode = 'HW404', column = 'session_id';
  end if;
  return v_session;
end
$$;

create function app.revoke_other_sessions() returns int
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_person_id constant uuid := app.require_person_id();
  v_revoked int;
begin
  if app.claims() ->> 'session_id' is null then
    raise exception 'Your token was not minted from a session, so none of them is the current one.'
      using errcode = 'HW409';
  end if;
  update app.sessions s
  set revoked_at = now()
  where s.person_id = v_person_id
    and s.revoked_at is null
    and s.id::text <> app.claims() ->> 'session_id';
  get diagnostics v_revoked = row_count;
  return v_revoked;
end
$$;

-- Other issuers

-- Found by issuer and subject; else by an address that the issuer says is verified; else, where that is switched on, made.
create function app.person_of_identity(issuer text, subject text, verified_address text, name text, provision boolean)
returns uuid
language plpgsql volatile as $$
declare
  v_person_id uuid := (
    select i.person_id
    from app.identities i
    where i.issuer = person_of_identity.issuer and i.subject = person_of_identity.subject
  );
begin
  if v_person_id is not null or verified_address is null then
    return v_person_id;
  end if;
  select e.person_id into v_person_id
  from app.email_addresses e
  where lower(e.address) = lower(btrim(verified_address));
  if not found and provision then
    v_person_id := (app.find_or_create_person(
      verified_address,
      left(coalesce(nullif(btrim(person_of_identity.name), ''), split_part(verified_address, '@', 1)), 200)
    )).id;
  end if;
  if v_person_id is not null then
    insert into app.identities (person_id, issuer, subject)
    values (v_person_id, person_of_identity.issuer, person_of_identity.subject)
    on conflict on constraint one_person_per_subject do nothing;
  end if;
  return v_person_id;
end
$$;

create function app.link_identity(address text, issuer text, subject text) returns app.identities
language sql volatile as $$
  insert into app.identities (person_id, issuer, subject)
  select e.person_id, link_identity.issuer, link_identity.subject
  from app.email_addresses e
  where lower(e.address) = lower(btrim(link_identity.address))
  on conflict on constraint one_person_per_subject do update set person_id = excluded.person_id
  returning *
$$;

-- Policies and grants

create policy own_read on app.sessions for select to authenticated
using (person_id = (select app.current_person_id()) and revoked_at is null and expires_at > now());

-- Whole, because a computed field takes the row; the hash in it is one of 32 random bytes.
grant select on app.sessions to authenticated;
grant execute on function app.sessions_current(app.sessions) to authenticated;
grant execute on function app.revoke_session(uuid), app.revoke_other_sessions() to anon, authenticated;

-- Comments

comment on table app.identities is 'Who somebody is for another issuer of tokens.';
comment on table app.sign_in_tries is 'What was tried of an address, as a hash, for two days.';

comment on function app.create_sign_in_link(uuid, interval) is
  'A new single-use token for one person; the link is PUBLIC_URL/sign-in#token. For operators and letters.';
comment on function app.create_sign_in_link(text) is
  'The same for the person with this mail address; null if nobody has it: select app.create_sign_in_link(''ada@school.example'').';
comment on function app.create_owner_link() is
  'A single-use token that makes whoever opens it the owner of the community, for a day; null once there are people.';
comment on function app.sign_in(text, text, text) is
  'Uses up a link or an invitation and opens a session; no row if it is used, expired or unknown.';
comment on function app.sign_in_by_code(text, text, text, text) is
  'Uses up the link whose six-digit code this is; no row if the code is wrong, dead after 5 tries, or expired.';
comment on function app.person_of_session(text) is 'The person of a living session, which lives on for it; no row otherwise.';
comment on column app.sessions.token_hash is '@behavior -*';
comment on column app.sessions.revoked_at is '@behavior -*';
comment on column app.sessions.user_agent is 'What the browser said of itself.';
comment on column app.sessions.expires_at is 'When it ends unless it is used: 30 days from the last use, 180 from the first.';
comment on column app.sessions.last_seen_at is 'When it last minted an access token.';
comment on function app.sessions_current(app.sessions) is 'Whether this request comes from it.';
comment on function app.revoke_session(uuid) is
  'Signs one of one''s own devices out. Its access token ends within 15 minutes. Errors: HW401, HW404.';
comment on function app.revoke_other_sessions() is
  'Signs all of one''s other devices out and answers how many. Errors: HW401, HW409.';
comment on function app.person_of_identity(text, text, text, text, boolean) is
  'The person for whom another issuer''s token speaks: known by issuer and subject, or by a verified address; null if nobody is.';
comment on function app.link_identity(text, text, text) is
  'Says who somebody is for another issuer: select app.link_identity(''ada@school.example'', ''https://id.example'', ''42''). For operators.';
