-- How people come into groups. An invitation is addressed to a mailbox; only when its reader accepts it does anybody learn
-- whether there was a person behind the address.

create function app.accept_by_token(token text, person_id uuid) returns app.joining
language plpgsql volatile as $$
declare
  v_invitation app.invitations;
begin
  update app.invitations i
  set used_at = now()
  where i.token_hash = app.hash_token(accept_by_token.token)
    and i.used_at is null
    and i.expires_at > now()
    and coalesce(i.person_id, accept_by_token.person_id) = accept_by_token.person_id -- a letter is for one
  returning * into v_invitation;
  if not found then
    return null;
  end if;
  return app.accept(v_invitation, accept_by_token.person_id);
end
$$;

-- Whoever accepts one invitation of a group accepts all that the group has sent to that mailbox: a parent of two children.
create function app.accept(invitation app.invitations, person_id uuid) returns app.joining
language plpgsql volatile as $$
declare
  v_joining app.joining;
begin
  if (invitation).invitation_link_id is not null then
    v_joining := app.join_by_link((invitation).invitation_link_id, accept.person_id, (invitation).email);
  else
    v_joining := app.enrol((invitation).group_id, accept.person_id, (invitation).role, (invitation).invited_by);
  end if;
  update app.invitations i
  set accepted_at = now(), person_id = accept.person_id
  where i.group_id = (invitation).group_id and lower(i.email) = lower((invitation).email) and i.accepted_at is null;
  if (invitation).role = 'parent' or exists (
    select from app.invitations i where lower(i.child_email) = lower((invitation).email)
  ) then
    perform app.join_families((invitation).group_id, accept.person_id);
  end if;
  return v_joining;
end
$$;

create function app.join_by_link(invitation_link_id uuid, person_id uuid, address text) returns app.joining
language plpgsql volatile as $$
declare
  v_link app.invitation_links;
begin
  select l.* into v_link from app.invitation_links l where l.id = join_by_link.invitation_link_id for update;
  if exists (
    select from app.memberships m where m.group_id = v_link.group_id and m.person_id = join_by_link.person_id
  ) then
    return app.enrol(v_link.group_id, join_by_link.person_id, v_link.role, v_link.created_by);
  end if;
  perform app.require_open(v_link);
  perform app.require_domain(v_link, join_by_link.address);
  if v_link.needs_approval then
    return app.wait_for_approval(v_link, join_by_link.person_id);
  end if;
  update app.invitation_links l set uses = l.uses + 1 where l.id = v_link.id;
  return app.enrol(v_link.group_id, join_by_link.person_id, v_link.role, v_link.created_by);
end
$$;

create function app.require_open(link app.invitation_links) returns void
language plpgsql stable as $$
begin
  if (link).id is null or (link).revoked_at is not null or (link).expires_at <= now()
    or coalesce((link).uses >= (link).max_uses, false)
    or exists (select from app.groups g where g.id = (link).group_id and g.archived_at is not null)
  then
    raise exception 'This invitation link does not work any more: ask for a new one.'
      using errcode = 'HW404', column = 'token';
  end if;
end
$$;

create function app.require_domain(link app.invitation_links, address text) returns void
language plpgsql immutable as $$
begin
  if (link).mail_domain is not null
    and lower(split_part(coalesce(require_domain.address, ''), '@', 2)) <> (link).mail_domain
  then
    raise exception 'This invitation is for mail addresses that end with @%.', (link).mail_domain
      using errcode = 'HW422', column = 'email';
  end if;
end
$$;

create function app.wait_for_approval(link app.invitation_links, person_id uuid) returns app.joining
language plpgsql volatile as $$
begin
  insert into app.membership_requests (group_id, person_id, invitation_link_id, role)
  values ((link).group_id, wait_for_approval.person_id, (link).id, (link).role)
  on conflict do nothing; -- waits already
  return row((link).group_id, (select g.name from app.groups g where g.id = (link).group_id), (link).role, 'waiting'::text);
end
$$;

-- Makes the membership, or leaves the one that there is as it is.
create function app.enrol(group_id uuid, person_id uuid, role text, invited_by uuid) returns app.joining
language plpgsql volatile as $$
declare
  v_role text;
begin
  insert into app.memberships as m (group_id, person_id, invited_by, role)
  values (enrol.group_id, enrol.person_id, enrol.invited_by, enrol.role)
  on conflict on constraint one_membership_per_person_and_group do nothing;
  update app.membership_requests r
  set status = 'approved', decided_at = now(), decided_by = enrol.invited_by
  where r.group_id = enrol.group_id and r.person_id = enrol.person_id and r.status = 'waiting';
  select m.role into v_role
  from app.memberships m
  where m.group_id = enrol.group_id and m.person_id = enrol.person_id;
  return row(enrol.group_id, (select g.name from app.groups g where g.id = enrol.group_id), v_role, 'joined'::text);
end
$$;

-- Parent and child may accept in any order: whoever comes second completes the guardianship. Only where the inviter may
-- decide for the child; an invitation to a group that anybody made binds nobody.
create function app.join_families(group_id uuid, person_id uuid) returns void
language sql volatile as $$
  with addresses as (
    select lower(e.address) as address from app.email_addresses e where e.person_id = join_families.person_id
  ),
  pairs as (
    select i.person_id as guardian_id, coalesce(i.child_id, e.person_id) as child_id, i.invited_by
    from app.invitations i
    left join app.email_addresses e on lower(e.address) = lower(i.child_email)
    where i.group_id = join_families.group_id and i.person_id = join_families.person_id and i.role = 'parent'
    union
    select i.person_id, join_families.person_id, i.invited_by
    from app.invitations i
    where i.group_id = join_families.group_id
      and i.accepted_at is not null
      and lower(i.child_email) in (select a.address from addresses a)
  )
  insert into app.guardianships (guardian_id, child_id, created_by)
  select distinct on (p.guardian_id, p.child_id) p.guardian_id, p.child_id, p.invited_by
  from pairs p
  join app.groups g on g.id = join_families.group_id
  left join app.people c on c.id = g.created_by
  left join app.people b on b.id = p.invited_by
  join app.memberships m on m.group_id = g.id and m.person_id = p.child_id and m.role = 'student'
  where (g.client_id is null or c.community_role <> 'member' or b.community_role <> 'member')
    and p.guardian_id <> p.child_id
  on conflict on constraint one_guardianship_per_pair do nothing
$$;

-- A new person becomes a minor with a student's invitation; who is known already keeps what is known of them.
create function app.find_or_create_invited(email text, name text, role text) returns app.people
language plpgsql volatile as $$
declare
  v_known constant boolean := exists (
    select from app.email_addresses e where lower(e.address) = lower(btrim(find_or_create_invited.email))
  );
  v_person app.people := app.find_or_create_person(email, name);
begin
  if not v_known and find_or_create_invited.role = 'student' and (app.community()).students_are_minors then
    update app.people p set is_minor = true where p.id = v_person.id returning * into v_person;
  end if;
  return v_person;
end
$$;

-- Comments

comment on function app.accept_by_token(text, uuid) is 'Uses up the token of an invitation for a person; null if it is used, expired or unknown.';
comment on function app.enrol(uuid, uuid, text, uuid) is 'Makes a membership, or leaves the one that there is as it is.';
