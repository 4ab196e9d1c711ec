-- Inviting people into groups: by mail, by a list, by a link. Whoever invites writes to a mailbox and is told nothing about
-- who reads it, until the reader accepts. Staff of the community, who see everybody anyway, enrol at once.

create function app.invite_to_group(group_id uuid, email text, name text, role text default 'student', child_id uuid default null)
returns app.invitations
language plpgsql volatile security definer set search_path = '' as $$
begin
  perform app.require_inviter(invite_to_group.group_id);
  return app.invite(invite_to_group.group_id, email, name, role, child_id, null);
end
$$;

create function app.invite_to_class(class_id uuid, email text, name text, role text default 'student')
returns app.memberships
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_invitation app.invitations;
  v_membership app.memberships;
begin
  perform app.require_inviter(invite_to_class.class_id);
  v_invitation := app.invite(invite_to_class.class_id, email, name, role, null, null);
  select m.* into v_membership
  from app.memberships m
  where m.group_id = v_invitation.group_id and m.person_id = v_invitation.person_id;
  return v_membership;
end
$$;

create function app.invite_many(group_id uuid, csv text) returns setof app.invited_line
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_line record;
  v_answer app.invited_line;
begin
  perform app.require_inviter(invite_many.group_id);
  perform app.require_csv(invite_many.csv);
  -- One list after the other: two with the same people in another order would wait for each other.
  perform pg_advisory_xact_lock(hashtextextended('app.invite_many', 0));
  for v_line in select * from app.csv_people(invite_many.csv) order by line loop
    v_answer := app.invite_line(
      invite_many.group_id, v_line.line, v_line.email, v_line.name, v_line.role, v_line.child_email
    );
    return next v_answer;
  end loop;
end
$$;

create function app.cancel_invitation(invitation_id uuid) returns app.invitations
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_invitation app.invitations;
begin
  perform app.require_person_id();
  select i.* into v_invitation
  from app.invitations i
  where i.id = cancel_invitation.invitation_id and i.group_id in (select app.current_staff_group_ids())
  for update;
  if not found then
    raise exception 'There is no such invitation, or you may not see it.' using errcode = 'HW404', column = 'invitation_id';
  end if;
  if v_invitation.accepted_at is not null then
    raise exception 'The invitation has been accepted: remove the member instead.' using errcode = 'HW409';
  end if;
  delete from app.invitations i where i.id = v_invitation.id;
  return v_invitation;
end
$$;

-- Links

create function app.create_invitation_link(
  group_id uuid,
  client_id uuid,
  role text default 'student',
  expires_at timestamptz default null,
  max_uses int default null,
  mail_domain text default null,
  needs_approval boolean default false
) returns app.invitation_links
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_person_id constant uuid := app.require_person_id();
  v_link app.invitation_links;
begin
  perform app.require_inviter(create_invitation_link.group_id);
  perform app.require_link(role, expires_at, max_uses, mail_domain, needs_approval, client_id);
  select l.* into v_link
  from app.invitation_links l
  where l.created_by = v_person_id and l.client_id = create_invitation_link.client_id;
  if found then
    return v_link;
  end if;
  insert into app.invitation_links as l
    (group_id, created_by, client_id, token, role, max_uses, mail_domain, needs_approval, expires_at)
  values (
    create_invitation_link.group_id, v_person_id, create_invitation_link.client_id, app.new_token(),
    create_invitation_link.role, create_invitation_link.max_uses,
    lower(ltrim(btrim(create_invitation_link.mail_domain), '@')),
    coalesce(create_invitation_link.needs_approval, false),
    coalesce(create_invitation_link.expires_at, now() + interval '14 days')
  )
  returning * into v_link;
  return v_link;
end
$$;

create function app.revoke_invitation_link(invitation_link_id uuid) returns app.invitation_links
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_link app.invitation_links;
begin
  perform app.require_person_id();
  update app.invitation_links l
  set revoked_at = coalesce(l.revoked_at, now())
  where l.id = revoke_invitation_link.invitation_link_id and l.group_id in (select app.current_staff_group_ids())
  returning * into v_link;
  if not found then
    raise exception 'There is no such link, or you may not see it.' using errcode = 'HW404', column = 'invitation_link_id';
  end if;
  return v_link;
end
$$;

create function app.invitation_preview(token text) returns app.invitation_preview
language sql stable security definer set search_path = '' as $$
  select row(g.name, l.role, l.needs_approval, l.mail_domain)::app.invitation_preview
  from app.invitation_links l
  join app.groups g on g.id = l.group_id
  where l.token = invitation_preview.token
    and l.revoked_at is null
    and l.expires_at > now()
    and g.archived_at is null
    and coalesce(l.uses < l.max_uses, true)
$$;

-- For whoever is not signed in: the way in comes by mail, so that the address is proven and nobody learns whether it is known.
create function app.ask_to_join(token text, email text, name text) returns boolean
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_link app.invitation_links;
  v_id uuid;
begin
  select l.* into v_link from app.invitation_links l where l.token = ask_to_join.token;
  perform app.require_open(v_link);
  perform app.require_invitation(email, name, v_link.role);
  perform app.require_domain(v_link, btrim(ask_to_join.email));
  if app.try(ask_to_join.email, 'join', interval '1 hour') > 3 then
    return true;
  end if;
  insert into app.invitations as i (group_id, invited_by, invitation_link_id, email, name, role, token_hash, expires_at)
  values (
    v_link.group_id, v_link.created_by, v_link.id, btrim(ask_to_join.email), btrim(ask_to_join.name), v_link.role,
    app.hash_token(app.new_token()), now() + interval '14 days'
  )
  on conflict do nothing;
  select i.id into v_id
  from app.invitations i
  where i.group_id = v_link.group_id and lower(i.email) = lower(btrim(ask_to_join.email))
  order by i.created_at
  limit 1;
  perform app.mail_invitation(v_id);
  return true;
end
$$;

-- Accepting

create function app.accept_invitation(token text) returns app.joining
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_person_id constant uuid := app.require_person_id();
  v_joining app.joining := app.accept_by_token(accept_invitation.token, v_person_id);
  v_link app.invitation_links;
begin
  if v_joining.group_id is not null then
    return v_joining;
  end if;
  select l.* into v_link from app.invitation_links l where l.token = accept_invitation.token;
  perform app.require_open(v_link);
  return app.join_by_link(v_link.id, v_person_id, app.fitting_address(v_person_id, v_link.mail_domain));
end
$$;

create function app.join_group(invitation_id uuid) returns app.joining
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_person_id constant uuid := app.require_person_id();
  v_invitation app.invitations;
begin
  select i.* into v_invitation
  from app.invitations i
  where i.id = join_group.invitation_id and i.expires_at > now() and lower(i.email) in (select app.current_addresses())
  for update;
  if not found then
    raise exception 'There is no such invitation, or it has expired.' using errcode = 'HW404', column = 'invitation_id';
  end if;
  return app.accept(v_invitation, v_person_id);
end
$$;

create function app.approve_membership(membership_request_id uuid) returns app.membership_requests
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_request app.membership_requests := app.decide(approve_membership.membership_request_id, 'approved');
begin
  if exists (
    select from app.memberships m where m.group_id = v_request.group_id and m.person_id = v_request.person_id
  ) then
    return v_request;
  end if;
  update app.invitation_links l set uses = least(l.uses + 1, l.max_uses) where l.id = v_request.invitation_link_id;
  perform app.enrol(v_request.group_id, v_request.person_id, v_request.role, v_request.decided_by);
  return v_request;
end
$$;

create function app.decline_membership(membership_request_id uuid) returns app.membership_requests
language sql volatile security definer set search_path = '' as $$
  select app.decide(decline_membership.membership_request_id, 'declined')
$$;

-- How it is done

create function app.invite(group_id uuid, email text, name text, role text, child_id uuid, child_email text)
returns app.invitations
language plpgsql volatile as $$
declare
  v_token constant text := app.new_token();
  v_person_id uuid;
  v_invitation app.invitations;
begin
  perform app.require_invitation(email, name, role);
  perform app.require_child(invite.group_id, invite.role, invite.child_id);
  if app.is_community_staff() then
    v_person_id := (app.find_or_create_invited(email, name, role)).id;
  end if;
  insert into app.invitations as i (
    group_id, invited_by, person_id, child_id, email, name, role, child_email, token_hash, letters, expires_at, accepted_at
  )
  values (
    invite.group_id, app.current_person_id(), v_person_id, invite.child_id, btrim(invite.email), btrim(invite.name),
    invite.role, lower(btrim(invite.child_email)), app.hash_token(v_token), 1, now() + interval '14 days',
    case when v_person_id is not null then now() end
  )
  on conflict do nothing
  returning * into v_invitation;
  if not found then
    return app.invited_before(invite.group_id, invite.email, invite.child_id, invite.child_email);
  end if;
  if v_person_id is not null then
    perform app.accept(v_invitation, v_person_id);
  end if;
  perform app.mail_invitation(v_invitation, v_token);
  return v_invitation;
end
$$;

-- The first invitation stands. One that expired unread is sent again, and whoever may enrol does not wait for it.
create function app.invited_before(group_id uuid, email text, child_id uuid, child_email text) returns app.invitations
language plpgsql volatile as $$
declare
  v_invitation app.invitations;
begin
  select i.* into v_invitation
  from app.invitations i
  where i.group_id = invited_before.group_id
    and lower(i.email) = lower(btrim(invited_before.email))
    and i.child_id is not distinct from invited_before.child_id
    and i.child_email is not distinct from lower(btrim(invited_before.child_email))
  for update;
  if v_invitation.accepted_at is null and app.is_community_staff() then
    perform app.accept(
      v_invitation, (app.find_or_create_invited(v_invitation.email, v_invitation.name, v_invitation.role)).id
    );
  elsif v_invitation.accepted_at is null and v_invitation.expires_at <= now() then
    perform app.mail_invitation(v_invitation.id);
  end if;
  select i.* into v_invitation from app.invitations i where i.id = v_invitation.id;
  return v_invitation;
end
$$;

create function app.invite_line(group_id uuid, line int, email text, name text, role text, child_email text)
returns app.invited_line
language plpgsql volatile as $$
declare
  v_reason text;
begin
  if exists (
    select from app.invitations i
    where i.group_id = invite_line.group_id
      and lower(i.email) = lower(btrim(invite_line.email))
      and i.child_email is not distinct from lower(nullif(btrim(invite_line.child_email), ''))
      and (i.accepted_at is not null or i.expires_at > now())
  ) then
    return row(line, btrim(email), 'already'::text, null::text);
  end if;
  perform app.require_child_line(invite_line.group_id, invite_line.role, invite_line.child_email);
  perform app.invite(
    invite_line.group_id, email, name, coalesce(nullif(lower(btrim(role)), ''), 'student'), null,
    nullif(btrim(invite_line.child_email), '')
  );
  return row(line, btrim(email), 'invited'::text, null::text);
exception
  when sqlstate 'HW422' then
    get stacked diagnostics v_reason = message_text;
    return row(line, left(btrim(email), 254), 'refused'::text, v_reason);
end
$$;

create function app.decide(membership_request_id uuid, status text) returns app.membership_requests
language plpgsql volatile as $$
declare
  v_person_id constant uuid := app.require_person_id();
  v_request app.membership_requests;
begin
  select r.* into v_request
  from app.membership_requests r
  where r.id = decide.membership_request_id and r.group_id in (select app.current_staff_group_ids())
  for update;
  if not found then
    raise exception 'There is no such request, or you may not see it.'
      using errcode = 'HW404', column = 'membership_request_id';
  end if;
  if v_request.status not in ('waiting', decide.status) then
    raise exception 'The request has been decided already: it is %.', v_request.status using errcode = 'HW409';
  end if;
  if v_request.role = 'teacher' and not app.is_owner_of(v_request.group_id) then
    raise exception 'Only an owner of the group may make teachers.' using errcode = 'HW403';
  end if;
  update app.membership_requests r
  set status = decide.status, decided_by = coalesce(r.decided_by, v_person_id), decided_at = coalesce(r.decided_at, now())
  where r.id = v_request.id
  returning * into v_request;
  return v_request;
end
$$;

create function app.invitations_group_name(invitation app.invitations) returns text
language sql stable security definer set search_path = '' as $$
  select g.name from app.groups g where g.id = (invitation).group_id
$$;

create function app.current_addresses() returns setof text
language sql stable security definer set search_path = '' as $$
  select lower(e.address) from app.email_addresses e where e.person_id = app.current_person_id()
$$;

create function app.current_newcomer_ids() returns setof uuid
language sql stable security definer rows 10 set search_path = '' as $$
  select r.person_id
  from app.membership_requests r
  where r.status = 'waiting' and r.group_id in (select app.current_staff_group_ids())
$$;

create function app.fitting_address(person_id uuid, mail_domain text) returns text
language sql stable as $$
  select e.address
  from app.email_addresses e
  where e.person_id = fitting_address.person_id
  order by lower(split_part(e.address, '@', 2)) = fitting_address.mail_domain desc, e.created_at
  limit 1
$$;

-- Lists: columns in any order, separated by commas, semicolons or tabs, fields in quotes where they need them

create function app.csv_people(csv text) returns table (line int, email text, name text, role text, child_email text)
language sql immutable as $$
  with cells as (
    select c.line, c.cell, c.value from app.csv_cells(csv_people.csv) c
  ),
  columns as (
    select lower(btrim(c.value)) as name, min(c.cell) as cell from cells c where c.line = 1 group by 1
  )
  select c.line,
    max(c.value) filter (where h.name = 'email'),
    max(c.value) filter (where h.name = 'name'),
    max(c.value) filter (where h.name = 'role'),
    max(c.value) filter (where h.name = 'child_email')
  from cells c
  left join columns h on h.cell = c.cell
  where c.line > 1
  group by c.line
  having bool_or(btrim(c.value) <> '')
$$;

create function app.csv_cells(csv text) returns table (line int, cell int, value text)
language sql immutable as $$
  with given as (
    select ltrim(csv_cells.csv, convert_from('\xefbbbf', getdatabaseencoding())) as csv
  ),
  separated as (
    select g.csv, app.csv_separator(split_part(g.csv, E'\n', 1)) as separator from given g
  ),
  matched as (
    select m.match, m.position
    from separated s
    cross join lateral regexp_matches(
      s.csv,
      format('("(?:[^"]|"")*"|[^%1$s\r\n]*)(%1$s|\r\n|\n|\r|$)', s.separator),
      'g'
    ) with ordinality m (match, position)
  ),
  numbered as (
    select m.match[1] as raw,
      m.position,
      1 + count(*) filter (where m.match[2] in (E'\r\n', E'\n', E'\r', ''))
        over (order by m.position rows between unbounded preceding and 1 preceding) as line
    from matched m
  )
  select n.line::int,
    row_number() over (partition by n.line order by n.position)::int,
    case
      when n.raw like '"%"' and n.raw <> '"' then replace(substr(n.raw, 2, length(n.raw) - 2), '""', '"')
      else n.raw
    end
  from numbered n
$$;

create function app.csv_separator(header text) returns text
language sql immutable as $$
  select s.separator
  from unnest(array[',', ';', E'\t']) with ordinality s (separator, rank)
  order by length(header) - length(replace(header, s.separator, '')) desc, s.rank
  limit 1
$$;

-- Checks

create function app.require_inviter(group_id uuid) returns void
language plpgsql stable as $$
declare
  v_group app.groups;
begin
  perform app.require_person_id();
  select g.* into v_group
  from app.groups g
  where g.id = require_inviter.group_id and (g.id in (select app.current_group_ids()) or app.is_community_owner());
  if not found then
    raise exception 'There is no such group, or you are not in it.' using errcode = 'HW404', column = 'group_id';
  end if;
  if not app.is_staff_of(v_group.id) then
    raise exception 'Only the owners and the teachers of a group may invite to it.' using errcode = 'HW403';
  end if;
  if v_group.archived_at is not null then
    raise exception 'The group is archived: take it up again first.' using errcode = 'HW409';
  end if;
  if not app.is_community_staff() and (
    select count(*) >= 2000
    from app.invitations i
    where i.invited_by = app.current_person_id() and i.created_at > now() - interval '1 day'
  ) then
    raise exception 'You have sent 2,000 invitations today: go on tomorrow.' using errcode = 'HW409';
  end if;
end
$$;

create function app.require_invitation(email text, name text, role text) returns void
language plpgsql immutable as $$
begin
  perform mail.checked_address(email);
  if coalesce(char_length(btrim(name)), 0) not between 1 and 200 then
    raise exception 'The name must have 1 to 200 characters.' using errcode = 'HW422', column = 'name';
  end if;
  if coalesce(role, '') not in ('teacher', 'student', 'parent', 'member') then
    raise exception 'The role must be teacher, student, parent or member, not "%".', left(role, 100)
      using errcode = 'HW422', column = 'role';
  end if;
end
$$;

create function app.require_child(group_id uuid, role text, child_id uuid) returns void
language plpgsql stable as $$
begin
  if require_child.child_id is null then
    return;
  end if;
  if require_child.role <> 'parent' then
    raise exception 'Only a parent comes with a child.' using errcode = 'HW422', column = 'child_id';
  end if;
  if not exists (
    select from app.memberships m
    where m.group_id = require_child.group_id and m.person_id = require_child.child_id and m.role = 'student'
  ) then
    raise exception 'The child is no student of this group.' using errcode = 'HW422', column = 'child_id';
  end if;
end
$$;

-- The child is looked for among this group's invitations only: its members' other addresses are nobody's business.
create function app.require_child_line(group_id uuid, role text, child_email text) returns void
language plpgsql stable as $$
begin
  if coalesce(btrim(require_child_line.child_email), '') = '' then
    return;
  end if;
  if lower(btrim(require_child_line.role)) is distinct from 'parent' then
    raise exception 'Only a parent comes with a child_email.' using errcode = 'HW422', column = 'child_email';
  end if;
  if not exists (
    select from app.invitations i
    where i.group_id = require_child_line.group_id
      and lower(i.email) = lower(btrim(require_child_line.child_email))
      and i.role = 'student'
  ) then
    raise exception 'No student was invited to this group at "%": put the line of the child first.',
      left(require_child_line.child_email, 100) using errcode = 'HW422', column = 'child_email';
  end if;
end
$$;

create function app.require_csv(csv text) returns void
language plpgsql immutable as $$
declare
  v_lines bigint;
begin
  if coalesce(btrim(csv), '') = '' then
    raise exception 'The list is empty.' using errcode = 'HW422', column = 'csv';
  end if;
  if not exists (
    select from app.csv_cells(split_part(require_csv.csv, E'\n', 1)) c where lower(btrim(c.value)) = 'email'
  ) then
    raise exception 'The first line must name the columns: email, name, role and, for parents, child_email.'
      using errcode = 'HW422', column = 'csv';
  end if;
  select count(*) into v_lines from app.csv_people(require_csv.csv);
  if v_lines > 2000 then
    raise exception 'The list has % people, and 2,000 at most may be invited at once: cut it in pieces.', v_lines
      using errcode = 'HW422', column = 'csv';
  end if;
end
$$;

create function app.require_link(
  role text, expires_at timestamptz, max_uses int, mail_domain text, needs_approval boolean, client_id uuid
) returns void
language plpgsql stable as $$
begin
  perform app.require_client_id(require_link.client_id);
  if coalesce(require_link.role, '') not in ('teacher', 'student', 'parent', 'member') then
    raise exception 'The role must be teacher, student, parent or member.' using errcode = 'HW422', column = 'role';
  end if;
  if require_link.role = 'teacher' and require_link.needs_approval is not true then
    raise exception 'A link for teachers needs approval.' using errcode = 'HW422', column = 'needs_approval';
  end if;
  if require_link.expires_at not between now() and now() + interval '1 year' then
    raise exception 'The link must expire within a year from now.' using errcode = 'HW422', column = 'expires_at';
  end if;
  if require_link.max_uses not between 1 and 10000 then
    raise exception 'A link is used 1 to 10,000 times.' using errcode = 'HW422', column = 'max_uses';
  end if;
  if ltrim(btrim(require_link.mail_domain), '@') !~ '^[^\s@<>(),;:"\\\[\].]+(\.[^\s@<>(),;:"\\\[\].]+)+$'
    or char_length(require_link.mail_domain) > 253
  then
    raise exception 'A mail domain is written like school.example.' using errcode = 'HW422', column = 'mail_domain';
  end if;
end
$$;

-- Staff hears of a request, not whose it is: that stands behind the link. Of a decided one nobody needs to hear any more.

create function app.request_cause(request app.membership_requests) returns text
language sql immutable as $$
  select 'membership-request:' || (request).id
$$;

create function app.tg_membership_requests__tell_staff() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
  v_group_name constant text := (select g.name from app.groups g where g.id = new.group_id);
begin
  perform notify.announce(
    app.request_cause(new), 'announcement', left(
      format(app.in_words('Somebody asks to join %s', 'Ada yang ingin bergabung dengan %s'), v_group_name), 200
    ),
    format(
      app.in_words(
        'Somebody has come by an invitation link and asks to join %s as %s. Have a look, and let them in or not.',
        'Seseorang datang lewat tautan undangan dan ingin bergabung dengan %s sebagai %s. Silakan periksa, lalu terima atau tolak.'
      ),
      v_group_name, app.role_in_words(new.role, (app.community()).locale)
    ),
    '/groups/' || new.group_id, array[new.group_id], '{owner,teacher}', actor_id => new.person_id,
    about => jsonb_build_object('groupId', new.group_id, 'membershipRequestId', new.id)
  );
  return null;
end
$$;

create function app.tg_membership_requests__forget() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  perform notify.withdraw(app.request_cause(new));
  return null;
end
$$;

create trigger _900_tell_staff after insert on app.membership_requests
for each row when (new.status = 'waiting') execute function app.tg_membership_requests__tell_staff();
create trigger _900_forget after update on app.membership_requests
for each row when (old.status = 'waiting' and new.status <> 'waiting') execute function app.tg_membership_requests__forget();

-- Policies and grants

create policy staff_reads on app.invitations for select to authenticated
using (group_id in (select app.current_staff_group_ids()));

create policy addressees_read on app.invitations for select to authenticated
using (accepted_at is null and expires_at > now() and lower(email) in (select app.current_addresses()));

create policy staff_reads on app.invitation_links for select to authenticated
using (group_id in (select app.current_staff_group_ids()));

create policy staff_reads on app.membership_requests for select to authenticated
using (group_id in (select app.current_staff_group_ids()));

create policy own_read on app.membership_requests for select to authenticated
using (person_id = (select app.current_person_id()));

create policy staff_reads_newcomers on app.people for select to authenticated
using (id in (select app.current_newcomer_ids()));

-- Whole, because a computed field takes the row; the hash in an invitation is one of a random token.
grant select on app.invitations, app.invitation_links, app.membership_requests to authenticated;
grant execute on function
  app.current_addresses(), app.current_newcomer_ids(), app.invitations_group_name(app.invitations)
to authenticated;
grant execute on function app.invitation_preview(text), app.ask_to_join(text, text, text) to anon, authenticated;
grant execute on function
  app.invite_to_group(uuid, text, text, text, uuid),
  app.invite_to_class(uuid, text, text, text),
  app.invite_many(uuid, text),
  app.cancel_invitation(uuid),
  app.create_invitation_link(uuid, uuid, text, timestamptz, int, text, boolean),
  app.revoke_invitation_link(uuid),
  app.accept_invitation(text),
  app.join_group(uuid),
  app.approve_membership(uuid),
  app.decline_membership(uuid)
to anon, authenticated;

-- Comments

comment on table app.invitations is
  'An invitation of a mailbox into a group. Who reads it shows when it is accepted. Seen by staff of the group and by its addressee.';
comment on column app.invitations.email is E'@behavior +filterBy\nWhere the letter went.';
comment on column app.invitations.name is E'@behavior +filterBy +orderBy\nAs the inviter wrote it.';
comment on column app.invitations.role is E'@behavior +filterBy\nteacher, student, parent or member.';
comment on column app.invitations.child_email is 'Of a parent: the address at which the child was invited.';
comment on column app.invitations.token_hash is '@behavior -*';
comment on column app.invitations.letters is '@behavior -*';
comment on column app.invitations.used_at is '@behavior -*';
comment on column app.invitations.expires_at is 'Until when the letter works.';
comment on column app.invitations.accepted_at is E'@behavior +filterBy +orderBy\nNull: not yet.';
comment on constraint invitations_invited_by_fkey on app.invitations is E'@fieldName inviter\n@foreignFieldName sentInvitations';
comment on constraint invitations_person_id_fkey on app.invitations is E'@foreignFieldName acceptedInvitations';
comment on constraint invitations_child_id_fkey on app.invitations is E'@fieldName child\n@foreignFieldName parentInvitations';
comment on table app.invitation_links is 'A link through which people come into a group: PUBLIC_URL/join#token. Seen by staff of the group.';
comment on column app.invitation_links.role is 'What who comes by it becomes: teacher, student, parent or member.';
comment on column app.invitation_links.expires_at is 'Until when it works.';
comment on column app.invitation_links.token is 'What stands after the # of the link.';
comment on column app.invitation_links.max_uses is 'How many may come by it; null: any number.';
comment on column app.invitation_links.uses is 'How many have come by it.';
comment on column app.invitation_links.mail_domain is 'Only addresses of this domain may come by it; null: all.';
comment on column app.invitation_links.needs_approval is 'Whether staff of the group let each one in.';
comment on constraint invitation_links_created_by_fkey on app.invitation_links is E'@fieldName creator\n@foreignFieldName createdInvitationLinks';
comment on table app.membership_requests is 'Somebody who came by a link and waits for staff of the group to be let in.';
comment on column app.membership_requests.status is E'@behavior +filterBy\nwaiting, approved or declined.';
comment on constraint membership_requests_decided_by_fkey on app.membership_requests is
  E'@fieldName decider\n@foreignFieldName decidedMembershipRequests';
comment on type app.joining is 'What came of an invitation: status is joined, or waiting for approval.';
comment on column app.joining.group_name is 'The name of the group.';
comment on column app.joining.role is 'The role there; of somebody who waits: the role to come.';
comment on column app.joining.status is 'joined, or waiting (for approval).';
comment on type app.invited_line is 'What became of one line of a list: invited, already (invited before) or refused, with the reason.';
comment on column app.invited_line.line is 'The number of the line; the one with the column names is 1.';
comment on column app.invited_line.email is 'The address as the line has it.';
comment on column app.invited_line.outcome is 'invited, already (invited before) or refused.';
comment on column app.invited_line.reason is 'Why it was refused; null unless it was.';
comment on type app.invitation_preview is 'What an invitation link is good for.';
comment on column app.invitation_preview.group_name is 'The name of the group.';
comment on column app.invitation_preview.role is 'What who comes by it becomes: teacher, student, parent or member.';
comment on column app.invitation_preview.needs_approval is 'Whether staff of the group let each one in.';
comment on column app.invitation_preview.mail_domain is 'Only addresses of this domain may come by it; null: all.';
comment on function app.invite_to_group(uuid, text, text, text, uuid) is
  'Invites a mailbox into a group, as teacher, student, parent or member; a parent with a child becomes its guardian. The reader of the letter becomes a member by accepting it; if staff of the community invites, at once. Inviting again changes nothing and mails nothing until the letter has expired. For owners and teachers of the group. Errors: HW401, HW403, HW404, HW409, HW422.';
comment on function app.invite_to_class(uuid, text, text, text) is
  'As inviteToGroup; answers the membership, or null while the invitation waits to be accepted. Errors: HW401, HW403, HW404, HW409, HW422.';
comment on function app.invite_many(uuid, text) is
  E'@arg csv Lines of text, separated by commas, semicolons or tabs, the first with the names of the columns, then one per person.\nInvites a list of up to 2,000 people, as CSV whose first line names the columns email, name, role and child_email, and answers what became of each line. Sending it again invites only whom it did not invite before. Errors: HW401, HW403, HW404, HW409, HW422.';
comment on function app.cancel_invitation(uuid) is
  'Takes back an invitation that was not accepted yet. For owners and teachers of the group. Errors: HW401, HW404, HW409.';
comment on function app.create_invitation_link(uuid, uuid, text, timestamptz, int, text, boolean) is
  E'@arg expiresAt Until when it works; null: for 14 days; at most a year.\nMakes a link into a group, for 14 days unless expiresAt says otherwise. Idempotent by clientId. For owners and teachers of the group. Errors: HW401, HW403, HW404, HW409, HW422.';
comment on function app.revoke_invitation_link(uuid) is
  'Ends a link. For owners and teachers of the group. Errors: HW401, HW404.';
comment on function app.invitation_preview(text) is
  E'@arg token What stands after the # of the invitation link.\nWhat the token of an invitation link is good for; null if it does not work any more.';
comment on function app.ask_to_join(text, text, text) is
  E'@arg token What stands after the # of the invitation link.\nFor whoever comes by a link and is not signed in: mails the way in. The answer is always true. Errors: HW404, HW422.';
comment on function app.accept_invitation(text) is
  E'@arg token What stands after the # of the link in the letter, or of an invitation link.\nAccepts an invitation by the token of its letter or of a link. Errors: HW401, HW404, HW422.';
comment on function app.join_group(uuid) is
  'Accepts an invitation that was sent to one of one''s own addresses. Errors: HW401, HW404.';
comment on function app.approve_membership(uuid) is
  'Lets somebody in who came by a link; again changes nothing. For owners and teachers of the group. Errors: HW401, HW403, HW404, HW409.';
comment on function app.decline_membership(uuid) is
  'Does not let somebody in who came by a link; again changes nothing. For owners and teachers of the group. Errors: HW401, HW403, HW404, HW409.';
comment on function app.current_addresses() is E'@behavior -*\nThe addresses of the person who is signed in.';
comment on function app.invitations_group_name(app.invitations) is 'The name of the group, which the addressee cannot read yet.';
comment on function app.current_newcomer_ids() is E'@behavior -*\nWho waits to be let into a group of which the person who is signed in is staff.';
